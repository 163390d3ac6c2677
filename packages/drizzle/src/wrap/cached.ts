import { CacheError } from '@larder/core'
import type { AnyDb } from '../policy/db-types.ts'
import type { CallOptions } from './call-options.ts'
import { wrappedOf } from './wrapped-dbs.ts'

/**
 * The same db under another policy: every read through it has `policy` merged over its table's, or goes past the cache
 * (`false`). In a transaction, where nothing is cached, it is the transaction itself.
 *
 * Raw SQL (`execute`; `all` and `run` of SQLite) is cached where `reads` names the tables it reads, unless it locks, or
 * calls a function whose result may change by itself; `writes` names the tables that it changes, in transactions too.
 * @throws CacheError for a db that `drizzleCache` did not return, and for options that no call can have.
 */
export function cached<DB extends AnyDb>(db: DB, policy: CallOptions | false): DB {
  const wrapped = wrappedOf(db)
  if (!wrapped)
    throw new CacheError(
      'LARDER_CONFIG',
      'cached(db, …) takes a db that drizzleCache(…) returned, or its transaction',
    )
  return wrapped.under(policy) as DB
}
