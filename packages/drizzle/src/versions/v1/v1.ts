import { CacheError } from '@larder/core'
import type { SqlDialect } from '@larder/core/host'
import { Column, is, SQL } from 'drizzle-orm'
import type { WithCache } from '../../policy/with-cache.ts'
import type { BuilderConfig, InsertConfig, SelectConfig } from '../builder-config.ts'
import { embeddedCount } from '../count.ts'
import type { DriverResults, DriverRows, SelectedFields } from '../driver-rows.ts'
import {
  copyOwnProperties,
  type DbParts,
  type DialectParts,
  type PreparedParts,
  type SessionParts,
} from '../parts.ts'
import { isValueRows } from '../pieces.ts'
import type { Builders, PreparedOptions, Version } from '../version.ts'
import { shapeOf } from './shape.ts'

/**
 * Index of the cache options among the parameters of `prepareQuery`. SQLite's has the method before the mapper, and MySQL's
 * has no name.
 */
const CACHE_CONFIG = { postgres: 5, sqlite: 6, mysql: 4 } as const

const builders: Builders = {
  buildSelectQuery: ([config]) => ({ kind: 'select', config: selectConfig(config as SelectConfig1) }),
  buildInsertQuery: ([config], sql) => ({
    kind: 'insert',
    config: insertConfig(config as InsertConfig, sql),
  }),
  buildUpdateQuery: ([config]) => ({ kind: 'update', config: config as never }),
  buildDeleteQuery: ([config]) => ({ kind: 'delete', config: config as never }),
  buildUpdateSet: ([, set]) => ({ kind: 'set', set: set as never }),
  buildRefreshMaterializedViewQuery: ([config]) => ({
    kind: 'refresh',
    view: (config as { view: unknown }).view,
  }),
  buildRelationalQuery: (_, __, ___, result) => ({ kind: 'relations', shape: () => shapeOf(result) }),
}

/** 1.0 takes the rows out of the driver's result before it does anything else with it. */
const listResults: DriverResults = {
  rows: (result) => (Array.isArray(result) ? (result as DriverRows) : undefined),
  objects: (result) => (Array.isArray(result) ? result : undefined),
  form: 'list',
}

/** drizzle-orm 1.0, from release candidate 5 on. */
export const v1: Version = {
  drivers: {
    NodePgSession: 'postgres',
    PgliteSession: 'postgres',
    PostgresJsSession: 'postgres',
    NeonSession: 'postgres',
    MySql2Session: 'mysql',
    LibSQLSession: 'sqlite',
    BetterSQLiteSession: 'sqlite',
    // node:sqlite, whose session has the name of sql.js in rc.5.
    SQLJsSession: 'sqlite',
    NodeSQLiteSession: 'sqlite',
  },
  builders,
  standaloneCount: embeddedCount,
  withColumnNames: (dialect) => dialect,
  cloneDb,
  preparedOptions,
  disableFastPath,
  results: () => listResults,
  valuesReturnsDriverRows: false,
  relationalWhere: (conditions) => Object.fromEntries(conditions.map(([name, , value]) => [name, value])),
  observeBatched,
}

interface SelectConfig1 extends SelectConfig {
  readonly useSelectionCastCodecs?: boolean
}

/** In 1.0 every select has `fieldsFlat`. In 0.45 only one whose selection holds more than columns has it. */
function selectConfig(config: SelectConfig1): SelectConfig {
  const { fieldsFlat, setOperators, useSelectionCastCodecs, ...others } = config
  const plain = fieldsFlat?.every(({ field }) => is(field, Column)) === true
  return {
    ...others,
    setOperators,
    ...(!plain && fieldsFlat && { fieldsFlat }),
    // A union that is a whole statement is put into a SELECT that casts its columns.
    ...(useSelectionCastCodecs && setOperators.length && { wrapped: true }),
  }
}

/** The config holds the rows as the caller passed them. Only the SQL shows what they become. */
function insertConfig(config: InsertConfig, sql: SQL): InsertConfig {
  return { ...config, values: config.select ? config.values : valueRowsIn(sql) }
}

function valueRowsIn(sql: SQL, depth = 0): unknown {
  for (const chunk of sql.queryChunks) {
    if (isValueRows(chunk)) return chunk
    if (depth > 2 || !is(chunk, SQL)) continue
    const rows = valueRowsIn(chunk, depth + 1)
    if (rows) return rows
  }
  return undefined
}

/** The second parameter says what the driver is asked for: lists of values, objects, or its own result. */
function preparedOptions(
  parameters: readonly unknown[],
  dialect: SqlDialect,
  config: BuilderConfig | undefined,
): PreparedOptions {
  const returning =
    config && 'config' in config ? (config.config as { returning?: unknown }).returning : undefined
  return {
    fields: returning as SelectedFields | undefined,
    mapped: parameters[1] === 'arrays',
    withCache: withCacheOf(parameters[CACHE_CONFIG[dialect]]),
  }
}

/** 0.45's `enable` is called `enabled` in 1.0. */
function withCacheOf(options: unknown): WithCache | undefined {
  if (typeof options !== 'object' || options === null) return undefined
  const { enabled, ...others } = options as { readonly enabled?: boolean }
  return { ...others, enable: enabled === true }
}

function disableFastPath(prepared: PreparedParts): void {
  if (typeof prepared.fastPath !== 'boolean' || typeof prepared.queryWithCache !== 'function')
    throw new CacheError(
      'LARDER_CONFIG',
      'drizzleCache does not know the prepared queries of this version of drizzle-orm: 1.0.0-rc.5 is tested',
    )
  prepared.fastPath = false
}

/** libSQL takes the mapper of lists from the prepared query. */
function observeBatched(prepared: PreparedParts, observer: (result: unknown) => void): PreparedParts {
  const { mapper } = prepared as { mapper?: (rows: unknown) => unknown }
  if (!mapper) return prepared
  return Object.assign(Object.create(prepared), {
    mapper(rows: unknown) {
      observer(rows)
      return mapper(rows)
    },
  }) as PreparedParts
}

function cloneDb(db: DbParts, dialect: DialectParts, session: SessionParts): DbParts {
  const { relations } = db._
  const Db = db.constructor as new (...parameters: readonly unknown[]) => DbParts
  const { resultKind, forbidJsonb, tagged } = db as DbParts & {
    readonly resultKind?: unknown
    readonly forbidJsonb?: unknown
    readonly tagged?: unknown
  }
  return copyOwnProperties(
    db,
    'resultKind' in db
      ? new Db(resultKind, dialect, session, relations, forbidJsonb)
      : new Db(dialect, session, relations, false, tagged),
  )
}
