import { type Cache, CacheError } from '@larder/core'
import { attachDb } from './attach.ts'
import type { PolicyOptionsByTable } from './policy/policies.ts'
import type { SchemaOf, TablePolicies } from './policy/table-policies.ts'
import { type DbParts, isTransaction } from './versions/parts.ts'
import type { AnyDb } from './wrap/any-db.ts'
import { wrappedDbOf } from './wrap/wrapped-dbs.ts'

/** Options of {@link drizzleCache}. */
export interface DrizzleCacheOptions<S> {
  /** The cache, from `createCache()`. Use one cache for all dbs over one client. */
  cache: Cache
  /** The exports of the schema module. Required if `db` was created without them. */
  schema?: S
  /**
   * Name of the database: 1 to 32 letters, digits, `-`, `_` or `.`. It replaces host, port and database name in the
   * identity of the db. Dbs with one name share entries and invalidations, so use one name only for dbs that reach the
   * same database, such as directly and through a pooler. User, search path, role, time zone, options and parsers still
   * belong to the identity.
   *
   * Default: dbs share entries if they are connected to the same database, and invalidations with all dbs without a name.
   */
  database?: string
  /**
   * MySQL and MariaDB: the collation of text columns that are keys, such as `'utf8mb4_unicode_ci'`. Reads by a text key
   * (cuid, uuid, nanoid) then depend on their rows instead of the whole table. If the columns differ, name one that is
   * not binary. If one of them is not in the list of docs/databases.md, leave this out.
   */
  collation?: string
  /**
   * Policy per table, by the schema's names; `false`: the table is not cached. `'*'`: every table without its own.
   * Default: no table is cached.
   */
  tables?: TablePolicies<S>
}

const OPTIONS: ReadonlySet<string> = new Set(['cache', 'schema', 'database', 'tables', 'collation'])

/**
 * Returns a db of the same type that caches reads and invalidates them on writes. `db` itself is not changed: Larder does
 * not see statements that are called on it.
 * @param db what `drizzle(…)` returned.
 * @throws CacheError naming the option and the fix: a missing schema, an unknown table or collation, a policy without a
 * `ttl`, a db that is wrapped already, a transaction, an unsupported driver, or another database under the same name.
 * @example
 * ```ts
 * const cache = createCache()
 * const db = drizzleCache(drizzle(pool, { schema }), {
 *   cache,
 *   tables: { products: { ttl: '10m' }, '*': { ttl: '1m' } },
 * })
 * await db.select().from(products) // cached, and invalidated by writes to products
 * ```
 */
export function drizzleCache<DB extends AnyDb, const S = SchemaOf<DB>>(
  db: DB,
  options: DrizzleCacheOptions<S>,
): DB {
  checkOptions(options)
  checkDb(db)
  const { cache, database, collation } = options
  const parts = db as unknown as DbParts
  const schema = (options.schema ?? parts._.fullSchema ?? {}) as Readonly<Record<string, unknown>>
  const policies = (options.tables ?? {}) as PolicyOptionsByTable
  return attachDb({ cache, database, collation, schema, policies }, parts) as unknown as DB
}

function checkOptions(options: DrizzleCacheOptions<unknown>): void {
  for (const name of Object.keys(options ?? {}))
    if (!OPTIONS.has(name))
      throw new CacheError(
        'LARDER_CONFIG',
        `drizzleCache has no option ${name}: there are ${[...OPTIONS].join(', ')}`,
      )
  if (typeof options?.cache?.attach !== 'function')
    throw new CacheError(
      'LARDER_CONFIG',
      `drizzleCache: cache is ${String(options?.cache)}: pass what createCache() returned`,
    )
  const database: unknown = options.database
  if (database !== undefined && !(typeof database === 'string' && /^[\w.-]{1,32}$/.test(database)))
    throw new CacheError(
      'LARDER_CONFIG',
      `drizzleCache: database is ${JSON.stringify(database)}: use 1 to 32 letters, digits, or - _ .`,
    )
}

function checkDb(db: unknown): void {
  if (typeof db !== 'object' || db === null || !('_' in db) || !('session' in db))
    throw new CacheError(
      'LARDER_CONFIG',
      'drizzleCache takes the db that drizzle(…) returned: give drizzleCache(drizzle(pool, { schema }), { cache, schema, tables })',
    )
  if ('$replicas' in db)
    throw new CacheError(
      'LARDER_CONFIG',
      'drizzleCache cannot wrap what withReplicas() returned: a replica may return rows from before a write. Wrap the primary, and pass it to withReplicas',
    )
  if (isTransaction(db))
    throw new CacheError('LARDER_CONFIG', 'drizzleCache was given a transaction: wrap the db it was begun on')
  if (wrappedDbOf(db))
    throw new CacheError(
      'LARDER_EXTENSION_TWICE',
      'drizzleCache has wrapped this db already: use cached(db, policy) for another policy',
    )
}
