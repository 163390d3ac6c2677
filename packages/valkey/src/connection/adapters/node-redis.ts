import { EventEmitter } from 'node:events'
import type { ValkeyClient } from '../client.ts'
import type { Command, OnReply, Reply } from '../command.ts'
import { type FollowerSettings, NodeRedisFollower } from './node-redis-follower.ts'

type Listener = (subject: unknown) => void

/** The part of a client of node-redis (`redis` or `@redis/client`, 5 or later) that the store uses. */
export interface NodeRedisClient {
  readonly isOpen: boolean
  readonly isReady: boolean
  sendCommand(words: readonly (string | Buffer)[], options?: object): Promise<unknown>
  duplicate(settings?: object): unknown
  destroy(): void
  on(event: string, listener: Listener): unknown
  off(event: string, listener: Listener): unknown
}

/** Options of such a client. The socket has a `path` if it is one of the file system. */
interface NodeRedisOptions {
  readonly socket?: { readonly host?: string; readonly port?: number; readonly path?: string }
  readonly database?: number
  readonly disableOfflineQueue?: boolean
  readonly keyPrefix?: string
}

/** Texts as buffers, maps as lists, by the type bytes of RESP. Without the client's timeout, which sets a timer per command. */
const BYTES = { typeMapping: { 36: Buffer, 37: Array }, timeout: undefined }

/** True for a client of one server; false for a cluster, a pool or a Sentinel client of node-redis. */
export function isNodeRedis(client: object): client is NodeRedisClient {
  const { isOpen, isReady, sendCommand, duplicate, destroy } = client as Partial<NodeRedisClient>
  const methods = [sendCommand, duplicate, destroy].every((method) => typeof method === 'function')
  return methods && typeof isOpen === 'boolean' && typeof isReady === 'boolean' && 'options' in client
}

/** A client of node-redis with the interface of iovalkey, as far as the store uses it. */
export class NodeRedisAdapter extends EventEmitter implements ValkeyClient {
  readonly options: NonNullable<ValkeyClient['options']>
  readonly #client: NodeRedisClient
  /** node-redis emits no `close`. */
  readonly #listeners: Readonly<Record<string, Listener>>

  constructor(client: NodeRedisClient) {
    super()
    this.#client = client
    const { socket = {}, database: db = 0, disableOfflineQueue, keyPrefix } = optionsOf(client)
    const { path, host = 'localhost', port = 6379 } = socket
    const address = path === undefined ? { host, port } : { path }
    const options = { ...address, db, keyPrefix, enableOfflineQueue: disableOfflineQueue !== true }
    this.options = options
    this.#listeners = {
      ready: () => this.emit('ready'),
      error: (error) => {
        this.emit('error', error)
        // The connection may go on, after a listener of somebody else has thrown.
        if (!client.isReady) this.emit('close')
        if (!client.isOpen) this.emit('end')
      },
      end: () => {
        this.emit('close')
        this.emit('end')
      },
    }
  }

  /** A client that was never connected counts as ended, until its user connects it. */
  get status(): string {
    const { isReady, isOpen } = this.#client
    if (isReady) return 'ready'
    return isOpen ? 'connecting' : 'end'
  }

  sendAll(commands: readonly Command[], onReply: OnReply): void {
    // All are written at the end of this turn, in this order.
    for (const [index, command] of commands.entries())
      this.#client.sendCommand(command, BYTES).then(
        (reply) => onReply(index, reply as Reply),
        (error: Error) => onReply(index, error),
      )
  }

  /** A second connection to the same server. */
  duplicate(settings: FollowerSettings): NodeRedisFollower {
    const { connectionName: name } = settings
    const create = () =>
      this.#client.duplicate({
        // Over RESP2, where notifications of changes are messages of a channel.
        ...{ name, RESP: 2, maintNotifications: 'disabled', disableOfflineQueue: true, readonly: false },
        ...{ clientSideCache: undefined, emitInvalidate: undefined, pingInterval: undefined },
        socket: { ...optionsOf(this.#client).socket, reconnectStrategy: false },
      })
    return new NodeRedisFollower(create, settings)
  }

  override on(event: string, listener: Listener): this {
    if (!this.eventNames().length)
      for (const [name, own] of Object.entries(this.#listeners)) this.#client.on(name, own)
    return super.on(event, listener)
  }

  override off(event: string, listener: Listener): this {
    super.off(event, listener)
    if (!this.eventNames().length)
      for (const [name, own] of Object.entries(this.#listeners)) this.#client.off(name, own)
    return this
  }

  // Not used: the store sends by `sendAll`, and neither connects nor closes a client of the user's.
  info(): void {}
  sendCommand(): void {}
  async connect(): Promise<void> {}
  disconnect(): void {}
}

function optionsOf(client: NodeRedisClient): NodeRedisOptions {
  return (client as { readonly options?: NodeRedisOptions }).options ?? {}
}
