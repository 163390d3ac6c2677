import { type Cache, CacheError } from '@larder/core'
import { attachDb } from './attach.ts'
import type { AnyDb, SchemaOf, TablePolicies } from './policy/db-types.ts'
import type { WrittenPolicies } from './policy/policies.ts'
import type { DbParts } from './versions/parts.ts'
import { isTransaction } from './versions/parts.ts'
import { isWrapped } from './wrap/wrapped-dbs.ts'

/** Options of {@link drizzleCache}. */
export interface DrizzleCacheOptions<S> {
  cache: Cache
  /** What the schema module exports; needed where the db was made without. */
  schema?: S
  /**
   * Name of the database, one to 32 letters, digits, or `- _ .`. It replaces host, port and database in what tells the
   * entries of this db from others: dbs that give one name share entries and invalidations, so give it only to dbs that
   * reach one database, perhaps by different addresses (direct and through a pooler). User, search path, role, time zone, options and
   * parsers still count. Without it, dbs share entries where they are connected to the same database, and invalidations
   * with all dbs without a name.
   */
  database?: string
  /**
   * MySQL and MariaDB: the collation of the text columns that are keys, such as `'utf8mb4_unicode_ci'`. Reads by text
   * keys (cuid, uuid, nanoid) are then tied to their rows. Without it they depend on the whole table. Where columns
   * differ, name one that is not binary; where one is not in the list of docs/databases.md, leave it out.
   */
  collation?: string
  /** Policy per table, by the schema's names; `'*'` for every table without its own. A table without one is not cached. */
  tables?: TablePolicies<S>
}

const OPTIONS: ReadonlySet<string> = new Set(['cache', 'schema', 'database', 'tables', 'collation'])

/**
 * A db of the same type that caches reads and invalidates on writes. The db given is not changed: what is done through
 * it is not seen.
 * @throws CacheError naming the option and the fix: no schema, unknown tables, a policy without a lifetime, a collation that is not known, a db that is
 * wrapped already, a transaction, a driver that is not supported, a second db without a `database`.
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
  const written = (options.tables ?? {}) as WrittenPolicies
  return attachDb({ cache, database, collation, schema, written }, parts) as unknown as DB
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
      `drizzleCache: cache is ${String(options?.cache)}: give what createCache() returned`,
    )
  const database: unknown = options.database
  if (database !== undefined && !(typeof database === 'string' && /^[\w.-]{1,32}$/.test(database)))
    throw new CacheError(
      'LARDER_CONFIG',
      `drizzleCache: database is ${JSON.stringify(database)}: give one to 32 letters, digits, or - _ .`,
    )
}

function checkDb(db: unknown): void {
  if (typeof db !== 'object' || db === null || !('_' in db) || !('session' in db))
    throw new CacheError('LARDER_CONFIG', 'drizzleCache takes the db that drizzle(…) returned')
  if ('$replicas' in db)
    throw new CacheError(
      'LARDER_CONFIG',
      'drizzleCache cannot wrap what withReplicas() returned: a replica may answer with rows from before a write. Wrap the primary, and give it to withReplicas',
    )
  if (isTransaction(db))
    throw new CacheError('LARDER_CONFIG', 'drizzleCache was given a transaction: wrap the db it was begun on')
  if (isWrapped(db))
    throw new CacheError(
      'LARDER_EXTENSION_TWICE',
      'drizzleCache has wrapped this db already: use cached(db, policy) for another policy',
    )
}
