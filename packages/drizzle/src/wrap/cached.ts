import { CacheError } from '@larder/core'
import type { AnyDb } from './any-db.ts'
import type { CallOptions } from './call-options.ts'
import { wrappedDbOf } from './wrapped-dbs.ts'

/**
 * Returns the same db with another policy: `policy` is merged over the policy of each table that is read. With `false`
 * every read bypasses the cache. For a transaction, in which nothing is cached, it returns the transaction itself.
 *
 * Raw SQL (`execute`, and `all` and `run` in SQLite) is cached if `reads` names the tables that it reads, unless it locks
 * rows or calls a function whose result may change by itself. `writes` names the tables that it changes, in transactions
 * as well.
 * @param db a db that `drizzleCache` returned, or one of its transactions.
 * @param policy times are in milliseconds, or strings such as `'30s'`.
 * @throws CacheError for any other db, and for an option that is not allowed per call.
 * @example
 * ```ts
 * await cached(db, { ttl: '30s' }).select().from(products)
 * await cached(db, false).select().from(products) // bypasses the cache
 * await cached(db, { ttl: '1m', reads: [orders] }).execute(sql`select count(*) from "order"`)
 * await cached(db, { writes: [stock] }).execute(sql`select restock(1)`)
 * ```
 */
export function cached<DB extends AnyDb>(db: DB, policy: CallOptions | false): DB {
  const wrapped = wrappedDbOf(db)
  if (!wrapped)
    throw new CacheError(
      'LARDER_CONFIG',
      'cached(db, …) takes a db that drizzleCache(…) returned, or its transaction',
    )
  return wrapped.withPolicy(policy) as DB
}
