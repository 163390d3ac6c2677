export type Listener = (subject: unknown) => void

/** The part of a client of node-redis (`redis` or `@redis/client`, 5 or later) that the store uses. */
export interface NodeRedisClient {
  readonly isOpen: boolean
  readonly isReady: boolean
  readonly options?: NodeRedisOptions | undefined
  sendCommand(words: readonly (string | Buffer)[], options?: object): Promise<unknown>
  duplicate(settings?: object): unknown
  destroy(): void
  on(event: string, listener: Listener): unknown
  off(event: string, listener: Listener): unknown
}

/** The further part of such a client that receives messages. */
export interface NodeRedisSubscriber extends NodeRedisClient {
  connect(): Promise<unknown>
  subscribe(
    channels: readonly string[],
    listener: (message: unknown, channel: Buffer) => void,
    bytes: true,
  ): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
}

/** Options of such a client. The socket has a `path` if it is one of the file system. */
interface NodeRedisOptions {
  readonly socket?: {
    readonly host?: string | undefined
    readonly port?: number | undefined
    readonly path?: string | undefined
  }
  readonly database?: number
  readonly disableOfflineQueue?: boolean
  readonly keyPrefix?: string | Buffer
}

/** True for a client of one server; false for a cluster, a pool or a Sentinel client of node-redis. */
export function isNodeRedis(client: object): client is NodeRedisClient {
  const { isOpen, isReady, sendCommand, duplicate, destroy } = client as Partial<NodeRedisClient>
  const methods = [sendCommand, duplicate, destroy].every((method) => typeof method === 'function')
  return methods && typeof isOpen === 'boolean' && typeof isReady === 'boolean' && 'options' in client
}
