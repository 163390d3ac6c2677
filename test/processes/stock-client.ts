import type { Cache, PolicyOptions } from '@larder/core'

/** What a member does with rows of `inventory_stock`, through a cached client of one ORM. */
export interface StockClient {
  /** The version of a row; -1 if there is none. */
  read(id: number): Promise<number>
  /** Adds one to a row's version. With `beforeCommit` in a transaction that waits for it. */
  raise(id: number, beforeCommit?: () => Promise<void>): Promise<unknown>
}

export interface StockClientOptions {
  readonly cache: Cache
  readonly connectionString: string
  readonly policy: PolicyOptions
  /** Most connections. */
  readonly max: number
}
