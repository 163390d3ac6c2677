import { CacheError, type Explained, type Stats } from '@larder/core'
import type { AnyDb } from '../policy/db-types.ts'
import type { DrizzleInvalidation } from './invalidation.ts'
import { wrappedOf } from './wrapped-dbs.ts'

/** What the `$cache` of a db that `drizzleCache` returned can do. Drizzle's own type of it has `invalidate` alone. */
export interface DbCache {
  /**
   * Drizzle's own: invalidates what depends on the tables (objects of the schema, or their names) or carries the tags; in a
   * transaction when that commits.
   */
  invalidate(request: DrizzleInvalidation): Promise<void>
  /** As `cache.explain`: runs `fn` and returns its result with where each read in it came from, and why. */
  explain<T>(fn: () => Promise<T> | T): Promise<Explained<T>>
  /** As `cache.stats`: counts of the whole cache, by table too. */
  stats(): Stats
}

/**
 * `db.$cache` with its whole type: the type of db stays Drizzle's, which does not know `explain` and `stats`.
 * @throws CacheError for a db that `drizzleCache` did not return.
 * @example
 * ```ts
 * const { result, reads } = await cacheOf(db).explain(() => db.select().from(products))
 * console.log(reads[0]?.source) // 'memory', 'store' or 'database', and then with a reason
 * ```
 */
export function cacheOf(db: AnyDb): DbCache {
  if (wrappedOf(db)) return (db as unknown as { readonly $cache: DbCache }).$cache
  throw new CacheError(
    'LARDER_CONFIG',
    'cacheOf(db) takes a db that drizzleCache(…) returned, or its transaction',
  )
}
