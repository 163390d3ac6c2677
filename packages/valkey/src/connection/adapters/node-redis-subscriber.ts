import { EventEmitter } from 'node:events'
import type { SubscriberClient } from '../client.ts'
import type { NodeRedisSubscriber } from './node-redis-client.ts'

/** A connection for messages, with the methods and events of iovalkey. Each attempt to connect has a client of its own. */
export class NodeRedisSubscriberAdapter extends EventEmitter implements SubscriberClient {
  readonly #create: () => NodeRedisSubscriber
  readonly #nextPause: () => number
  #current: NodeRedisSubscriber | undefined
  #closed = false

  /** @param nextPause returns the pause before the next attempt (ms). */
  constructor(create: () => NodeRedisSubscriber, nextPause: () => number) {
    super()
    this.#create = create
    this.#nextPause = nextPause
  }

  async connect(): Promise<void> {
    if (this.#closed || this.#current) return
    const client = this.#create()
    this.#current = client
    const onLost = (): void => {
      if (this.#current !== client) return
      this.#current = undefined
      this.emit('close')
      if (!this.#closed) setTimeout(() => void this.connect(), this.#nextPause()).unref()
      if (client.isOpen) client.destroy()
    }
    client.on('ready', () => this.emit('ready'))
    client.on('error', onLost)
    client.on('end', onLost)
    await client.connect().catch(onLost)
  }

  disconnect(reconnect = false): void {
    this.#closed = !reconnect
    if (this.#current?.isOpen) this.#current.destroy()
  }

  async call(...words: readonly (string | Buffer)[]): Promise<unknown> {
    return this.#client().sendCommand(words)
  }

  async subscribe(...channels: readonly string[]): Promise<void> {
    await this.#client().subscribe(channels, this.#onMessage, true)
  }

  async unsubscribe(channel: string): Promise<void> {
    await this.#client().unsubscribe(channel)
  }

  #client(): NodeRedisSubscriber {
    if (!this.#current) throw new Error('Connection is closed.')
    return this.#current
  }

  /** A notification of changes is a list of names, or null. */
  readonly #onMessage = (message: unknown, channel: Buffer): void => {
    this.emit('messageBuffer', channel, message)
    this.emit('message', String(channel), String(message))
  }
}
