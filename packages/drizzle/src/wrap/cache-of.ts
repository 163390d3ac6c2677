import { CacheError, type Explained, type Stats } from '@larder/core'
import type { AnyDb } from './any-db.ts'
import type { DrizzleInvalidation } from './invalidation.ts'
import { wrappedDbOf } from './wrapped-dbs.ts'

/** The `$cache` of a db that `drizzleCache` returned. Drizzle's own type of it has only `invalidate`. */
export interface DbCache {
  /**
   * Invalidates every cached read of the tables, and every one with the tags. In a transaction this happens at COMMIT,
   * and not at all after a ROLLBACK. Resolves when the store has acknowledged it, or when it is in the journal.
   * @throws CacheError `LARDER_CONFIG`, as a rejection, for a value that is neither a table nor a name.
   * @example
   * ```ts
   * await cacheOf(db).invalidate({ tables: products, tags: 'front-page' })
   * ```
   */
  invalidate(request: DrizzleInvalidation): Promise<void>
  /**
   * Runs `fn` and reports the source of each read in it, and the reason for those that went to the database.
   * @example
   * ```ts
   * const { result, reads } = await cacheOf(db).explain(() => db.select().from(products))
   * console.log(result.length, reads[0]?.source) // 'memory', 'store', 'stale' or 'database'
   * ```
   */
  explain<T>(fn: () => Promise<T> | T): Promise<Explained<T>>
  /** The counters of the whole cache, in total and per table. */
  stats(): Stats
}

/**
 * Returns `db.$cache` with its full type. The type of `db` is Drizzle's, which does not know `explain` and `stats`.
 * @param db a db that `drizzleCache` returned, or one of its transactions.
 * @throws CacheError for any other db.
 * @example
 * ```ts
 * const { reads } = await cacheOf(db).explain(() => db.select().from(products))
 * console.log(reads[0]?.source) // 'memory', 'store', 'stale' or 'database'
 * ```
 */
export function cacheOf(db: AnyDb): DbCache {
  if (wrappedDbOf(db)) return (db as unknown as { readonly $cache: DbCache }).$cache
  throw new CacheError(
    'LARDER_CONFIG',
    'cacheOf(db) takes a db that drizzleCache(…) returned, or its transaction',
  )
}
