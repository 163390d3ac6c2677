import type { SqlDialect } from '@larder/core/host'
import { and, eq } from 'drizzle-orm'
import type { WithCache } from '../../policy/with-cache.ts'
import { driverResults, type SelectedFields } from '../driver-rows.ts'
import {
  carriedOver,
  type DbParts,
  type DialectParts,
  type PreparedParts,
  type SessionParts,
} from '../parts.ts'
import type { Preparation, Version } from '../version.ts'
import { builders } from './builders.ts'

/** Drivers whose result, where Drizzle asks for lists of values, is the list of rows itself. */
const LISTED: ReadonlySet<string> = new Set(['PostgresJsSession', 'LibSQLSession', 'BetterSQLiteSession'])
/** Parameters of `prepareQuery` after the query and the fields, which differ by dialect. */
const MAPPER = { postgres: 4, sqlite: 4, mysql: 2 } as const
const CACHE_CONFIG = 6

/** drizzle-orm 0.45. */
export const v0: Version = {
  drivers: {
    NodePgSession: 'postgres',
    PgliteSession: 'postgres',
    PostgresJsSession: 'postgres',
    LibSQLSession: 'sqlite',
    BetterSQLiteSession: 'sqlite',
    MySql2Session: 'mysql',
  },
  builders,
  countAlone: () => undefined,
  sameDb,
  preparation,
  open() {},
  results: (dialect, driver) => driverResults(dialect, LISTED.has(driver)),
  relationalWhere: (equal) => and(...equal.map(([, column, value]) => eq(column, value))),
  watchBatched,
}

function preparation(parameters: readonly unknown[], dialect: SqlDialect): Preparation {
  const fields = parameters[1] as SelectedFields | undefined
  return {
    fields,
    mapped: fields !== undefined || parameters[MAPPER[dialect]] !== undefined,
    withCache: parameters[CACHE_CONFIG] as WithCache | undefined,
  }
}

/** libSQL hands its result to the prepared query to map. */
function watchBatched(prepared: PreparedParts, seen: (result: unknown) => void): PreparedParts {
  const { mapResult } = prepared as { mapResult?: (...parameters: unknown[]) => unknown }
  if (!mapResult) return prepared
  return Object.assign(Object.create(prepared), {
    mapResult(...parameters: unknown[]) {
      seen((parameters[0] as { rows?: unknown } | undefined)?.rows)
      return mapResult.apply(prepared, parameters)
    },
  }) as PreparedParts
}

function sameDb(db: DbParts, dialect: DialectParts, session: SessionParts): DbParts {
  const { schema, fullSchema, tableNamesMap } = db._
  const config = schema ? { schema, fullSchema, tableNamesMap } : undefined
  const Db = db.constructor as new (...parameters: readonly unknown[]) => DbParts
  const { resultKind, mode } = db as { resultKind?: unknown; mode?: unknown }
  if ('resultKind' in db) return carriedOver(db, new Db(resultKind, dialect, session, config))
  return carriedOver(
    db,
    'mode' in db ? new Db(dialect, session, config, mode) : new Db(dialect, session, config),
  )
}
