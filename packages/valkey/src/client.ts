/** What a script call looks like once defined: the number of keys, keys, then arguments. */
export type ScriptCall = (keys: number, ...rest: readonly (string | number)[]) => Promise<unknown>

/** Commands that are sent together. */
export interface ValkeyPipeline {
  get(key: string): unknown
  getBuffer(key: string): unknown
  pttl(key: string): unknown
  hmget(key: string, ...fields: string[]): unknown
  mget(...keys: string[]): unknown
  /** Error and answer of each command, in order. */
  exec(): Promise<[error: Error | null, answer?: unknown][] | null>
}

/** The commands this store sends, as iovalkey and ioredis spell them. Any client that has them will do. */
export interface ValkeyClient {
  /** `'ready'` when commands are answered, `'wait'` before a lazy connection, `'end'` after the last. */
  readonly status: string
  readonly isCluster?: boolean
  readonly options?: { readonly enableOfflineQueue?: boolean; readonly keyPrefix?: string }
  get(key: string): Promise<string | null>
  pipeline(): ValkeyPipeline
  set(key: string, value: Buffer, unit: 'PX', lifetime: number): Promise<unknown>
  info(section: string): Promise<string>
  select(database: number): Promise<unknown>
  defineCommand(name: string, definition: { lua: string }): void
  connect(): Promise<unknown>
  disconnect(): void
  on(event: 'ready' | 'close' | 'end', listener: () => void): unknown
  on(event: 'error', listener: (error: unknown) => void): unknown
  off(event: string, listener: (error: unknown) => void): unknown
}
