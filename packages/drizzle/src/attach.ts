import { type Cache, CacheError } from '@larder/core'
import {
  type ColumnType,
  collatedText,
  type Engine,
  findUndeclaredViews,
  notBuilt,
  type Schema,
  type SqlDialect,
  volatileSql,
  volatileValue,
} from '@larder/core/host'
import { is, type SQL, View } from 'drizzle-orm'
import { loadSqlParser } from '../optional/sql-parser.js'
import type { TableNames } from './analysis/survey.ts'
import { connectionOf } from './connection/connection.ts'
import type { LibsqlFiles } from './connection/libsql.ts'
import { isSingleConnection } from './connection/single-connection.ts'
import { noteClient } from './connection/wrapped-clients.ts'
import { createRawSql } from './execute/raw.ts'
import { sparingReplicas } from './execute/replica.ts'
import { orderOf } from './order/statement-order.ts'
import { checkCall, checkNames, policiesOf, type WrittenPolicies } from './policy/policies.ts'
import { type Entities, entitiesOf, isMaterialized, nameOf, schemaOf } from './tables/schema.ts'
import { createBuiltSql } from './versions/builder-config.ts'
import { columnNames, withOwnNames } from './versions/casing.ts'
import {
  connectionAtOnce,
  type DbParts,
  type DialectParts,
  hasNativeCache,
  isTransaction,
  kindsOf,
} from './versions/parts.ts'
import type { Version } from './versions/version.ts'
import { versionOf } from './versions/version-of.ts'
import { watchDialect } from './wrap/analysing-dialect.ts'
import type { DbCache } from './wrap/cache-of.ts'
import { inPhysicalNames } from './wrap/call-options.ts'
import { formUnder, transactionUnder } from './wrap/db-variants.ts'
import { physicalRequest } from './wrap/invalidation.ts'
import type { TransactionRoom } from './wrap/transaction-deps.ts'
import { wrapDb } from './wrap/wrap-db.ts'
import { noteWrapped } from './wrap/wrapped-dbs.ts'
import { createRowReads } from './write-through/row-reads.ts'

/** What a db is attached to a cache with. */
export interface Attachment {
  readonly cache: Cache
  readonly database: string | undefined
  readonly collation: string | undefined
  readonly schema: Readonly<Record<string, unknown>>
  readonly written: WrittenPolicies
}

/** Bumped when what is stored for one query changes shape: entries of the old shape are not found. */
const ROW_SHAPE = 1

/** Composition root of one db: its schema, its engine, its rooms, and the db over them. */
export function attachDb(
  { cache, database, collation, schema, written }: Attachment,
  base: DbParts,
): DbParts {
  const version = versionOf(base)
  const { dialect, driver } = kindOf(version, base)
  const entities = knownEntities(schema)
  const models = [...entities.keys()]
  checkNames(models, written)
  const own = withOwnNames(base.dialect)
  const physical = columnNames(own)
  const reading = { physical, changing: changingIn(own, dialect), text: textOf(dialect, collation) }
  const tables = schemaOf(entities, reading, written)
  const blind = findUndeclaredViews(tables, viewsOf(entities))
  const files: LibsqlFiles = {}
  const attached = cache.attach({
    name: 'drizzle',
    schema: tables,
    database,
    identity: [ROW_SHAPE, dialect, driver],
    connection: connectionOf(base.session, driver, files),
    types: {},
    ...(dialect === 'postgres' && { sqlParser: loadSqlParser }),
    undeclaredViews: new Set([...blind].map((name) => name.toLowerCase())),
  })
  const engine = driver === 'LibSQLSession' ? sparingReplicas(attached, base.session, files) : attached
  const names: TableNames = {
    model: modelNames(entities),
    column: physical,
    blind: (view) => blind.has(view),
  }
  const policies = policiesOrDetach(engine, tableNames(entities), written)
  const built = createBuiltSql()
  const forms = new Map<string, DbParts>()
  const room: TransactionRoom = {
    engine,
    version,
    dialect,
    physical,
    blind: names.blind,
    built,
    policies,
    rows: createRowReads(
      { db: version.sameDb(base, own, base.session), version, dialect, entities, schema: tables, physical },
      (model) => policies.of(model, undefined)?.write === 'through',
    ),
    uniques: uniquesOf(tables),
    raw: createRawSql(engine, dialect),
    results: version.results(dialect, driver),
    watched: watchDialect({ built, names, dialect }, version, own),
    connection: connectionAtOnce(base),
    shared: isSingleConnection(base.session) ? [] : undefined,
    order: orderOf(base.session),
    adopt(db) {
      db.$cache = dbCache(cache, engine, entities)
      noteWrapped(db, {
        under(given) {
          checkCall(engine, given)
          const call = inPhysicalNames(entities, given)
          return isTransaction(db) ? transactionUnder(db, call) : formUnder(room, base, forms, call)
        },
      })
    },
  }
  refuseRejecting(room, models)
  warnOfNativeCache(engine, base)
  warnOfOtherCache(engine, cache, base)
  return wrapDb(room, base, undefined)
}

function knownEntities(schema: Attachment['schema']): Entities {
  const entities = entitiesOf(schema)
  if (entities.size) return entities
  throw new CacheError(
    'LARDER_CONFIG',
    'drizzleCache does not know the tables: pass schema, what your schema module exports, to drizzle(…) or here',
  )
}

function kindOf(version: Version, db: DbParts): { dialect: SqlDialect; driver: string } {
  const driver = kindsOf(db.session)[0] ?? 'an unknown session'
  const dialect = version.drivers[driver]
  if (dialect) return { dialect, driver }
  throw notBuilt(`drizzleCache over ${driver.replace(/Session$/, '')}`)
}

function textOf(dialect: SqlDialect, collation: string | undefined): ColumnType | undefined {
  if (collation === undefined) return undefined
  if (dialect === 'mysql') return collatedText(collation, 'drizzleCache: collation')
  throw new CacheError(
    'LARDER_CONFIG',
    `drizzleCache: collation is for MySQL and MariaDB, and this db is of ${dialect}: leave it out`,
  )
}

function uniquesOf({ tables }: Schema): (table: string) => readonly (readonly string[])[] {
  return (table) =>
    (tables.get(table.toLowerCase())?.keys ?? [])
      .filter(({ kind }) => kind === 'primary' || kind === 'unique')
      .map(({ columns }) => columns)
}

function tableNames(entities: Entities): ReadonlyMap<string, string> {
  return new Map([...entities].map(([model, one]) => [model, nameOf(one)]))
}

function modelNames(entities: Entities): TableNames['model'] {
  const byName = new Map([...entities].map(([model, entity]) => [nameOf(entity), model] as const).reverse())
  return (table) => byName.get(table)
}

function viewsOf(entities: Entities): readonly string[] {
  const views = [...entities.values()].filter((entity) => is(entity, View) && !isMaterialized(entity))
  return views.map(nameOf)
}

/** Tells SQL whose result may change by itself, from the text that `dialect` makes of it. */
function changingIn(parts: DialectParts, dialect: SqlDialect): (sql: SQL) => boolean {
  return (sql) => {
    try {
      const { sql: text, params } = parts.sqlToQuery(sql)
      return volatileSql(text, dialect) !== undefined || params.some(volatileValue)
    } catch {
      // Not every view over a view can be put into text by Drizzle; the database may have it all the same.
      return true
    }
  }
}

/** A mistake in a policy leaves the cache as it was: the next try finds the name free. */
function policiesOrDetach(...args: Parameters<typeof policiesOf>): ReturnType<typeof policiesOf> {
  try {
    return policiesOf(...args)
  } catch (error) {
    args[0].detach()
    throw error
  }
}

/** A driver that answers at once cannot wait for a mark. */
function refuseRejecting({ connection, policies, engine }: TransactionRoom, models: readonly string[]): void {
  if (!connection) return
  const model = models.find((one) => policies.of(one, undefined)?.onMarkFailure === 'reject')
  if (model === undefined) return
  engine.detach()
  throw new CacheError(
    'LARDER_CONFIG',
    `tables.${model}.onMarkFailure: 'reject' cannot be honoured by a driver that answers at once: use libSQL, or leave it out`,
  )
}

function warnOfNativeCache(engine: Engine, db: DbParts): void {
  if (!hasNativeCache(db.session)) return
  const message =
    "this db was made with Drizzle's own cache: the db that drizzleCache returned does not use it, and the one you gave still does. Leave `cache` out of drizzle(…)"
  engine.events.emit('warning', { code: 'native-cache', message })
  // Nobody can listen before the cache has its first client.
  process.emitWarning(`larder: ${message}`)
}

function warnOfOtherCache(engine: Engine, cache: Cache, { session, $client }: DbParts): void {
  const times = noteClient(session.client ?? $client, cache)
  if (times === 'only here') return
  const message =
    'this db uses a client that is wrapped by another cache already: cached reads of the one do not see what is written through the other, until their ttl. Use one cache for both'
  engine.events.emit('warning', { code: 'client-wrapped-twice', message })
  if (times === 'elsewhere, first noted') process.emitWarning(`larder: ${message}`)
}

function dbCache(cache: Cache, engine: Engine, entities: Entities): DbCache {
  return {
    invalidate: async (given) => engine.invalidate(physicalRequest(entities, given)),
    explain: cache.explain,
    stats: cache.stats,
  }
}
