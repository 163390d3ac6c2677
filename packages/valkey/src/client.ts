/** What a script call looks like once defined: the number of keys, keys, then arguments. */
export type ScriptCall = (keys: number, ...rest: readonly (string | number)[]) => Promise<unknown>

/** The commands this store sends, as iovalkey and ioredis spell them. Any client that has them will do. */
export interface ValkeyClient {
  /** `'ready'` when commands are answered, `'wait'` before a lazy connection, `'end'` after the last. */
  readonly status: string
  readonly isCluster?: boolean
  readonly options?: { readonly enableOfflineQueue?: boolean; readonly keyPrefix?: string }
  get(key: string): Promise<string | null>
  getBuffer(key: string): Promise<Uint8Array | null>
  pttl(key: string): Promise<number>
  hmget(key: string, ...fields: string[]): Promise<(string | null)[]>
  mget(...keys: string[]): Promise<(string | null)[]>
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
