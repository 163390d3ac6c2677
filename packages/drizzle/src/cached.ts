import { CacheError, type PolicyOptions } from '@larder/core'
import type { AnyDb } from './db-types.ts'
import { wrappedOf } from './wrapped.ts'

/**
 * The same db under another policy: every read through it has `policy` merged over its table's, or goes past the cache
 * (`false`). In a transaction, where nothing is cached, it is the transaction itself.
 * @throws CacheError for a db that `drizzleCache` did not return, and for options that no call can have.
 */
export function cached<DB extends AnyDb>(db: DB, policy: PolicyOptions | false): DB {
  const wrapped = wrappedOf(db)
  if (!wrapped)
    throw new CacheError(
      'LARDER_CONFIG',
      'cached(db, …) takes a db that drizzleCache(…) returned, or its transaction',
    )
  return wrapped.under(policy) as DB
}
