import { EventEmitter } from 'node:events'

/** The settings of a connection for messages that apply to node-redis. */
export interface FollowerSettings {
  readonly connectionName?: string
  /** The pause before the next attempt to connect (ms). */
  retryStrategy(): number
}

type Listener = (subject: unknown) => void

interface Subscribed {
  readonly isOpen: boolean
  connect(): Promise<unknown>
  destroy(): void
  sendCommand(words: readonly string[]): Promise<unknown>
  subscribe(
    channels: readonly string[],
    listener: (message: unknown, channel: Buffer) => void,
    bytes: true,
  ): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  on(event: string, listener: Listener): unknown
}

/** A connection for messages, with the methods and events of iovalkey. Each attempt to connect has a client of its own. */
export class NodeRedisFollower extends EventEmitter {
  readonly #create: () => unknown
  readonly #settings: FollowerSettings
  #current: Subscribed | undefined
  #closed = false

  constructor(create: () => unknown, settings: FollowerSettings) {
    super()
    this.#create = create
    this.#settings = settings
  }

  async connect(): Promise<void> {
    if (this.#closed || this.#current) return
    const client = this.#create() as Subscribed
    this.#current = client
    const onLost = (): void => {
      if (this.#current !== client) return
      this.#current = undefined
      this.emit('close')
      if (!this.#closed) setTimeout(() => void this.connect(), this.#settings.retryStrategy()).unref()
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

  async call(...words: readonly string[]): Promise<unknown> {
    return this.#client().sendCommand(words)
  }

  client(...words: readonly (string | number)[]): Promise<unknown> {
    return this.call('CLIENT', ...words.map(String))
  }

  ping(): Promise<unknown> {
    return this.call('PING')
  }

  async subscribe(...channels: readonly string[]): Promise<void> {
    await this.#client().subscribe(channels, this.#onMessage, true)
  }

  async unsubscribe(channel: string): Promise<void> {
    await this.#client().unsubscribe(channel)
  }

  #client(): Subscribed {
    if (!this.#current) throw new Error('Connection is closed.')
    return this.#current
  }

  /** A notification of changes is a list of names, or null. */
  readonly #onMessage = (message: unknown, channel: Buffer): void => {
    this.emit('messageBuffer', channel, message)
    this.emit('message', String(channel), String(message))
  }
}
