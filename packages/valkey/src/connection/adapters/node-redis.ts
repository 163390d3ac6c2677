import { EventEmitter } from 'node:events'
import type { AdaptedClient } from '../client.ts'
import type { Command, OnReply, Reply } from '../command.ts'
import type { Listener, NodeRedisClient, NodeRedisSubscriber } from './node-redis-client.ts'
import { NodeRedisSubscriberAdapter } from './node-redis-subscriber.ts'

/** Texts as buffers, maps as lists, by the type bytes of RESP. Without the client's timeout, which sets a timer per command. */
const BYTES = { typeMapping: { 36: Buffer, 37: Array }, timeout: undefined }

/** A client of node-redis with the interface that the store uses. */
export class NodeRedisAdapter extends EventEmitter implements AdaptedClient {
  readonly options: NonNullable<AdaptedClient['options']>
  readonly #client: NodeRedisClient
  /** node-redis emits no `close`. */
  readonly #listeners: Readonly<Record<string, Listener>>

  constructor(client: NodeRedisClient) {
    super()
    this.#client = client
    const { socket = {}, database: db = 0, disableOfflineQueue, keyPrefix } = client.options ?? {}
    const { path, host = 'localhost', port = 6379 } = socket
    const address = path === undefined ? { host, port } : { path }
    const prefix = keyPrefix && String(keyPrefix)
    this.options = { ...address, db, keyPrefix: prefix, enableOfflineQueue: disableOfflineQueue !== true }
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

  createSubscriber(name: string, nextPause: () => number): NodeRedisSubscriberAdapter {
    const settings = {
      // Over RESP2, where notifications of changes are messages of a channel.
      ...{ name, RESP: 2, maintNotifications: 'disabled', disableOfflineQueue: true, readonly: false },
      ...{ clientSideCache: undefined, emitInvalidate: undefined, pingInterval: undefined },
      socket: { ...this.#client.options?.socket, reconnectStrategy: false },
    }
    const create = () => this.#client.duplicate(settings) as NodeRedisSubscriber
    return new NodeRedisSubscriberAdapter(create, nextPause)
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
}
