import { type Cache, CacheError } from '@larder/core'
import {
  type Engine,
  findUndeclaredViews,
  type Schema,
  type SqlDialect,
  volatileSql,
  volatileValue,
} from '@larder/core/host'
import { is, type SQL, View } from 'drizzle-orm'
import { loadSqlParser } from '../optional/sql-parser.js'
import { createSqlConfigs } from './analysis/sql-configs.ts'
import type { TableNames } from './analysis/survey.ts'
import { connectionOf } from './connection/connection.ts'
import type { LibsqlDatabase } from './connection/libsql.ts'
import { sharesConnection } from './connection/single-connection.ts'
import { unreachableOf } from './connection/unreachable.ts'
import { createRawSql } from './execute/raw.ts'
import { bypassReplicas } from './execute/replica.ts'
import { createReadCodecs } from './execute/run.ts'
import { orderOf } from './order/statement-context.ts'
import {
  type CallPolicy,
  checkCallPolicy,
  checkTableNames,
  createPolicies,
  type PolicyOptionsByTable,
} from './policy/policies.ts'
import { type Entities, entitiesOf, entityName, isMaterialized, physicalNames } from './tables/entities.ts'
import { schemaOf } from './tables/schema.ts'
import { columnNamer } from './versions/casing.ts'
import { type DbParts, type DialectParts, isTransaction, syncConnectionOf } from './versions/parts.ts'
import { versionOf } from './versions/version-of.ts'
import { createAnalysingDialect } from './wrap/analysing-dialect.ts'
import type { DbCache } from './wrap/cache-of.ts'
import { withPhysicalNames } from './wrap/call-options.ts'
import {
  driverOf,
  rejectUnsupportedCall,
  rejectUnsupportedPolicies,
  textTypeOf,
  warnOfNativeCache,
  warnOfOtherCache,
} from './wrap/db-checks.ts'
import { transactionFor, variantFor } from './wrap/db-variants.ts'
import { withPhysicalTables } from './wrap/invalidation.ts'
import { wrapDb } from './wrap/wrap-db.ts'
import type { WrapDeps } from './wrap/wrap-deps.ts'
import { registerWrapped, type WrappedDb } from './wrap/wrapped-dbs.ts'
import { createRowReads } from './write-through/row-reads.ts'

/** What is needed to attach a db to a cache. */
export interface AttachOptions {
  readonly cache: Cache
  readonly database: string | undefined
  readonly collation: string | undefined
  readonly schema: Readonly<Record<string, unknown>>
  readonly policies: PolicyOptionsByTable
}

/** Increased when the entries of a query change their form, so that entries in the old form are not found. */
const ROW_SHAPE = 1

/** The composition root of one db. Attaches it to the cache, and returns a db of the same class that uses the cache. */
export function attachDb(options: AttachOptions, base: DbParts): DbParts {
  const { cache, database } = options
  const version = versionOf(base)
  const { dialect, driver } = driverOf(version, base)
  const baseDialect = version.withColumnNames(base.dialect)
  const { entities, schema, columnName, undeclaredViews } = readSchema(options, baseDialect, dialect)
  const libsql: LibsqlDatabase = {}
  const order = orderOf(base.session)
  const attached = cache.attach({
    name: 'drizzle',
    schema,
    database,
    identity: [ROW_SHAPE, dialect, driver],
    connection: connectionOf(base.session, driver, libsql),
    types: {},
    ...(dialect === 'postgres' && { sqlParser: loadSqlParser }),
    inOrder: order !== undefined,
    undeclaredViews: new Set([...undeclaredViews].map((name) => name.toLowerCase())),
  })
  const engine = driver === 'LibSQLSession' ? bypassReplicas(attached, base.session, libsql) : attached
  const isUndeclaredView = (view: string): boolean => undeclaredViews.has(view)
  const names: TableNames = { modelOf: modelsByName(entities), columnName, isUndeclaredView }
  const policies = createPoliciesOrDetach(engine, tableNames(entities), options.policies)
  const configs = createSqlConfigs()
  const results = version.results(dialect, driver)
  const variants = new Map<string, DbParts>()
  const deps: WrapDeps = {
    engine,
    version,
    dialect,
    columnName,
    isUndeclaredView,
    unreachable: unreachableOf(driver),
    configs,
    policies,
    rowReads: createRowReads({
      db: version.cloneDb(base, baseDialect, base.session),
      version,
      dialect,
      entities,
      schema,
      columnName,
      isWrittenThrough: (model) => policies.forTable(model, undefined)?.write === 'through',
    }),
    uniqueKeysOf: uniqueKeysIn(schema),
    raw: createRawSql(engine, dialect),
    results,
    codecs: createReadCodecs(results),
    analysing: createAnalysingDialect({ configs, names, dialect }, version, baseDialect),
    connection: syncConnectionOf(base),
    openTransactions: sharesConnection(base.session) ? [] : undefined,
    order,
    adopt(db) {
      db.$cache = dbCache(cache, engine, entities)
      const withPolicy = (policy: CallPolicy) => {
        rejectUnsupportedCall(deps, policy)
        return isTransaction(db) ? transactionFor(db, policy) : variantFor(deps, base, variants, policy)
      }
      registerWrapped(db, createWrappedDb(engine, entities, withPolicy))
    },
  }
  rejectUnsupportedPolicies(deps, entities.keys())
  warnOfNativeCache(engine, base)
  warnOfOtherCache(engine, cache, base)
  return wrapDb(deps, base, undefined)
}

function readSchema(
  { schema: exports, policies, collation }: AttachOptions,
  baseDialect: DialectParts,
  dialect: SqlDialect,
) {
  const entities = entitiesWithin(exports)
  checkTableNames(physicalNames(entities), policies)
  const columnName = columnNamer(baseDialect)
  const textType = textTypeOf(dialect, collation)
  const reading = { columnName, isVolatile: volatilityIn(baseDialect, dialect), textType }
  const schema = schemaOf(entities, reading, policies)
  return {
    entities,
    schema,
    columnName,
    undeclaredViews: findUndeclaredViews(schema, viewsOf(entities)),
  }
}

function entitiesWithin(schema: AttachOptions['schema']): Entities {
  const entities = entitiesOf(schema)
  if (entities.size) return entities
  throw new CacheError(
    'LARDER_CONFIG',
    'drizzleCache does not know the tables: pass schema, the exports of your schema module, to drizzle(…) or here',
  )
}

function uniqueKeysIn({ tables }: Schema): (table: string) => readonly (readonly string[])[] {
  return (table) =>
    (tables.get(table.toLowerCase())?.keys ?? [])
      .filter(({ kind }) => kind === 'primary' || kind === 'unique')
      .map(({ columns }) => columns)
}

function tableNames(entities: Entities): ReadonlyMap<string, string> {
  return new Map([...entities].map(([model, entity]) => [model, entityName(entity)]))
}

/** Of several models with one physical name, the first one counts. */
function modelsByName(entities: Entities): TableNames['modelOf'] {
  const byName = new Map(
    [...entities].map(([model, entity]) => [entityName(entity), model] as const).reverse(),
  )
  return (table) => byName.get(table)
}

function viewsOf(entities: Entities): readonly string[] {
  const views = [...entities.values()].filter((entity) => is(entity, View) && !isMaterialized(entity))
  return views.map(entityName)
}

/** Tells from the text of SQL whether its result may change by itself. */
function volatilityIn(parts: DialectParts, dialect: SqlDialect): (sql: SQL) => boolean {
  return (sql) => {
    try {
      const { sql: text, params } = parts.sqlToQuery(sql)
      return volatileSql(text, dialect) !== undefined || params.some(volatileValue)
    } catch {
      // Drizzle cannot build the text of every view over a view, although the database may have it.
      return true
    }
  }
}

/** After a mistake in a policy the cache is as before, so that a corrected call can use the same name. */
function createPoliciesOrDetach(
  ...parameters: Parameters<typeof createPolicies>
): ReturnType<typeof createPolicies> {
  try {
    return createPolicies(...parameters)
  } catch (error) {
    parameters[0].detach()
    throw error
  }
}

function createWrappedDb(
  engine: Engine,
  entities: Entities,
  withPolicy: (policy: CallPolicy) => DbParts,
): WrappedDb {
  return {
    withPolicy(call) {
      checkCallPolicy(engine, call)
      return withPolicy(withPhysicalNames(entities, call))
    },
  }
}

function dbCache(cache: Cache, engine: Engine, entities: Entities): DbCache {
  return {
    invalidate: async (request) => engine.invalidate(withPhysicalTables(entities, request)),
    explain: cache.explain,
    stats: cache.stats,
  }
}
