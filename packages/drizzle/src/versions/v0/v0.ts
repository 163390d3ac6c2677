import type { SqlDialect } from '@larder/core/host'
import { and, type Column, eq, type SQL } from 'drizzle-orm'
import type { WithCache } from '../../policy/with-cache.ts'
import type { BuilderConfig } from '../builder-config.ts'
import { driverResults, type SelectedFields } from '../driver-rows.ts'
import {
  copyOwnProperties,
  type DbParts,
  type DialectParts,
  type PreparedParts,
  type SessionParts,
} from '../parts.ts'
import type { Builders, PreparedOptions, Version } from '../version.ts'
import { shapeOf } from './shape.ts'

/** Drivers whose result is the list of rows itself, where Drizzle asks for lists of values. */
const LISTED: ReadonlySet<string> = new Set(['PostgresJsSession', 'LibSQLSession', 'BetterSQLiteSession'])
/** Index of the mapper among the parameters of `prepareQuery`, which differ by dialect. */
const MAPPER = { postgres: 4, sqlite: 4, mysql: 2 } as const
const CACHE_CONFIG = 6

const builders: Builders = {
  buildSelectQuery: ([config]) => ({ kind: 'select', config: config as never }),
  buildInsertQuery: ([config]) => ({ kind: 'insert', config: config as never }),
  buildUpdateQuery: ([config]) => ({ kind: 'update', config: config as never }),
  buildDeleteQuery: ([config]) => ({ kind: 'delete', config: config as never }),
  buildUpdateSet: ([, set]) => ({ kind: 'set', set: set as never }),
  buildRefreshMaterializedViewQuery: ([config]) => ({
    kind: 'refresh',
    view: (config as { view: unknown }).view,
  }),
  buildRelationalQuery: relational,
  buildRelationalQueryWithoutPK: relational,
  buildRelationalQueryWithoutLateralSubqueries: relational,
}

/** drizzle-orm 0.45. */
export const v0: Version = {
  drivers: {
    NodePgSession: 'postgres',
    PgliteSession: 'postgres',
    PostgresJsSession: 'postgres',
    // neon-serverless. Its clients are those of node-postgres over a WebSocket.
    NeonSession: 'postgres',
    LibSQLSession: 'sqlite',
    BetterSQLiteSession: 'sqlite',
    MySql2Session: 'mysql',
  },
  builders,
  standaloneCount: () => undefined,
  withColumnNames,
  cloneDb,
  preparedOptions,
  disableFastPath() {},
  results: (dialect, driver) => driverResults(dialect, LISTED.has(driver)),
  valuesReturnsDriverRows: true,
  relationalWhere: (conditions) => and(...conditions.map(([, column, value]) => eq(column, value))),
  observeBatched,
}

/** Drizzle's own namer. It caches columns by the table's name, so it misses those of a second definition of the table. */
interface CasingCache {
  readonly convert?: (name: string) => string
}

type NamedColumn = Column & { readonly keyAsName?: boolean }

/**
 * The names of columns are cached by the column instead of the table's name. Two definitions of one table, such as a stub
 * for a foreign key, then do not hide each other's columns. The given dialect keeps its own cache.
 */
function withColumnNames(dialect: DialectParts): DialectParts {
  const { casing } = dialect as unknown as { casing?: CasingCache }
  const convert = casing?.convert
  if (typeof convert !== 'function') return dialect
  let names = new WeakMap<Column, string>()
  const namer = {
    getColumnCasing(column: NamedColumn): string {
      if (!column.keyAsName) return column.name
      const remembered = names.get(column)
      if (remembered !== undefined) return remembered
      const name = convert(column.name)
      names.set(column, name)
      return name
    },
    clearCache(): void {
      names = new WeakMap()
    },
  }
  return Object.assign(Object.create(dialect), { casing: namer }) as DialectParts
}

function relational(
  [parameters]: readonly unknown[],
  _: SQL,
  inner: BuilderConfig | undefined,
  result: unknown,
): Extract<BuilderConfig, { kind: 'relational' }> {
  return { kind: 'relational', inner, shape: () => shapeOf(parameters, result) }
}

function preparedOptions(parameters: readonly unknown[], dialect: SqlDialect): PreparedOptions {
  const fields = parameters[1] as SelectedFields | undefined
  return {
    fields,
    mapped: fields !== undefined || parameters[MAPPER[dialect]] !== undefined,
    withCache: parameters[CACHE_CONFIG] as WithCache | undefined,
  }
}

/** libSQL passes its result to the prepared query for mapping. */
function observeBatched(prepared: PreparedParts, observer: (result: unknown) => void): PreparedParts {
  const { mapResult } = prepared as { mapResult?: (...parameters: unknown[]) => unknown }
  if (!mapResult) return prepared
  return Object.assign(Object.create(prepared), {
    mapResult(...parameters: unknown[]) {
      observer((parameters[0] as { rows?: unknown } | undefined)?.rows)
      return mapResult.apply(prepared, parameters)
    },
  }) as PreparedParts
}

function cloneDb(db: DbParts, dialect: DialectParts, session: SessionParts): DbParts {
  const { schema, fullSchema, tableNamesMap } = db._
  const config = schema ? { schema, fullSchema, tableNamesMap } : undefined
  const Db = db.constructor as new (...parameters: readonly unknown[]) => DbParts
  const { resultKind, mode } = db as { resultKind?: unknown; mode?: unknown }
  if ('resultKind' in db) return copyOwnProperties(db, new Db(resultKind, dialect, session, config))
  return copyOwnProperties(
    db,
    'mode' in db ? new Db(dialect, session, config, mode) : new Db(dialect, session, config),
  )
}
