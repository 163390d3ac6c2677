import type { Command, OnReply } from './command.ts'

/** The part of a client's connection that the store uses. */
interface ClientStream {
  write(data: string | Uint8Array): unknown
}

/**
 * The part of an iovalkey or ioredis client that the store uses: its connection and its queue of commands. The store makes
 * the commands itself, so client options that change them (`keyPrefix`, automatic pipelines) have no effect.
 */
export interface ValkeyClient {
  /** `'ready'` when commands are answered, `'wait'` before a lazy connection, `'end'` after the last. */
  readonly status: string
  readonly isCluster?: boolean
  readonly options?: {
    readonly host?: string | undefined
    readonly port?: number | undefined
    readonly enableOfflineQueue?: boolean | undefined
    readonly keyPrefix?: string | undefined
  }
  readonly stream?: ClientStream
  info(): unknown
  sendCommand(command: object, stream?: object): unknown
  /** Only of a client that is adapted to this interface: sends commands in one packet, by its own methods. */
  sendAll?(commands: readonly Command[], onReply: OnReply): void
  connect(): Promise<unknown>
  disconnect(reconnect?: boolean): void
  on(event: 'ready' | 'close' | 'end', listener: () => void): unknown
  on(event: 'error', listener: (error: unknown) => void): unknown
  off(event: string, listener: (error: unknown) => void): unknown
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

export function isCluster(client: ValkeyClient | ValkeyCluster): client is ValkeyCluster {
  return client.isCluster === true
}
