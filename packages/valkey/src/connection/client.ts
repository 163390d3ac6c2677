import type { Command, OnReply } from './command.ts'

/** The part of a client's connection that the store uses. */
interface ClientStream {
  write(data: string | Uint8Array): unknown
}

/** The part of a client of one server that the store uses, whatever its library. */
interface ConnectedClient {
  /** `'ready'` when commands are answered, `'wait'` before a lazy connection, `'end'` after the last. */
  readonly status: string
  readonly isCluster?: boolean
  readonly options?: {
    readonly host?: string | undefined
    readonly port?: number | undefined
    /** Of a socket of the file system, in place of host and port. */
    readonly path?: string | undefined
    readonly db?: number | undefined
    readonly enableOfflineQueue?: boolean | undefined
    readonly keyPrefix?: string | undefined
  }
  on(event: 'ready' | 'close' | 'end', listener: () => void): unknown
  on(event: 'error', listener: (error: unknown) => void): unknown
  off(event: string, listener: (error: unknown) => void): unknown
}

/**
 * The part of an iovalkey or ioredis client that the store uses: its connection and its queue of commands. The store makes
 * the commands itself, so client options that change them (`keyPrefix`, automatic pipelines) have no effect.
 */
export interface ValkeyClient extends ConnectedClient {
  readonly stream?: ClientStream
  info(): unknown
  sendCommand(command: object, stream?: object): unknown
  connect(): Promise<unknown>
  disconnect(reconnect?: boolean): void
}

/** A client of another library, adapted. It is always the user's, so the store neither connects nor closes it. */
export interface AdaptedClient extends ConnectedClient {
  /** Sends commands in one packet, by the client's own methods. */
  sendAll(commands: readonly Command[], onReply: OnReply): void
  /**
   * A second client for the same server, not connected yet.
   * @param connectionName names it on the server.
   * @param nextPause returns the pause before the next attempt to connect (ms).
   */
  createSubscriber(connectionName: string, nextPause: () => number): SubscriberClient
}

/** A client of one server. */
export type ServerClient = ValkeyClient | AdaptedClient

/** The part of a client that receives messages. A subscribed connection takes few other commands, so it is used for nothing else. */
export interface SubscriberClient {
  call(name: string, ...rest: (string | Buffer)[]): Promise<unknown>
  subscribe(...channels: readonly string[]): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  connect(): Promise<unknown>
  disconnect(reconnect?: boolean): void
  on(event: 'ready' | 'close', listener: () => void): unknown
  on(event: 'error', listener: (error: unknown) => void): unknown
  on(event: 'message', listener: (channel: string, message: string) => void): unknown
  /** For notifications of changes, whose lists of names `message` joins into one text. */
  on(event: 'messageBuffer', listener: (channel: Uint8Array, message: unknown) => void): unknown
}

/** The part of an iovalkey or ioredis Cluster that the store uses: its connections and its table of slots. */
export interface ValkeyCluster {
  readonly isCluster: boolean
  readonly status: string
  readonly options?: {
    readonly scaleReads?: unknown
    readonly keyPrefix?: string | undefined
    readonly natMap?: unknown
  }
  /** `host:port` of each slot's primary, then of its replicas. */
  readonly slots: readonly (readonly string[])[]
  nodes(role: 'master'): readonly ValkeyClient[]
  refreshSlotsCache(done?: (error?: Error | null) => void): void
  connect(): Promise<unknown>
  disconnect(): void
  on(event: string, listener: (subject: unknown) => void): unknown
  off(event: string, listener: (subject: unknown) => void): unknown
}

export function isCluster(client: ServerClient | ValkeyCluster): client is ValkeyCluster {
  return client.isCluster === true
}

export function isAdapted(client: ServerClient): client is AdaptedClient {
  return 'sendAll' in client
}
