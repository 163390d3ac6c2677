import { CacheError } from '@larder/core'
import type { SqlDialect } from '@larder/core/host'
import type { WithCache } from '../../policy/with-cache.ts'
import type { Built } from '../builder-config.ts'
import { embeddedCount } from '../count.ts'
import type { SelectedFields } from '../driver-rows.ts'
import {
  carriedOver,
  type DbParts,
  type DialectParts,
  type PreparedParts,
  type SessionParts,
} from '../parts.ts'
import type { Preparation, Version } from '../version.ts'
import { builders } from './builders.ts'
import { listResults } from './results.ts'

/** Where `prepareQuery` takes the cache's settings: SQLite's has the method before the mapper. */
const CACHE_CONFIG = { postgres: 5, sqlite: 6, mysql: 5 } as const

/** drizzle-orm 1.0, from its release candidate 5 on. */
export const v1: Version = {
  drivers: { NodePgSession: 'postgres', PgliteSession: 'postgres', LibSQLSession: 'sqlite' },
  builders,
  countAlone: embeddedCount,
  sameDb,
  preparation,
  open,
  results: () => listResults,
  relationalWhere: (equal) => Object.fromEntries(equal.map(([name, , value]) => [name, value])),
  watchBatched,
}

/** The second parameter says what the driver is asked for: lists of values, objects, or its own result. */
function preparation(
  parameters: readonly unknown[],
  dialect: SqlDialect,
  built: Built | undefined,
): Preparation {
  const returning =
    built && 'config' in built ? (built.config as { returning?: unknown }).returning : undefined
  return {
    fields: returning as SelectedFields | undefined,
    mapped: parameters[1] === 'arrays',
    withCache: withCacheOf(parameters[CACHE_CONFIG[dialect]]),
  }
}

/** What 0.45 calls `enable` is `enabled` here. */
function withCacheOf(given: unknown): WithCache | undefined {
  if (typeof given !== 'object' || given === null) return undefined
  const { enabled, ...others } = given as { readonly enabled?: boolean }
  return { ...others, enable: enabled === true }
}

function open(prepared: PreparedParts): void {
  if (typeof prepared.fastPath !== 'boolean' || typeof prepared.queryWithCache !== 'function')
    throw new CacheError(
      'LARDER_CONFIG',
      'drizzleCache does not know the prepared queries of this version of drizzle-orm: 1.0.0-rc.5 is tested',
    )
  prepared.fastPath = false
}

/** libSQL takes a mapper of lists out of the prepared query. */
function watchBatched(prepared: PreparedParts, seen: (result: unknown) => void): PreparedParts {
  const { mapper } = prepared as { mapper?: (rows: unknown) => unknown }
  if (!mapper) return prepared
  return Object.assign(Object.create(prepared), {
    mapper(rows: unknown) {
      seen(rows)
      return mapper(rows)
    },
  }) as PreparedParts
}

function sameDb(db: DbParts, dialect: DialectParts, session: SessionParts): DbParts {
  const { relations } = db._
  const Db = db.constructor as new (...parameters: readonly unknown[]) => DbParts
  const { resultKind, forbidJsonb, tagged } = db as DbParts & {
    readonly resultKind?: unknown
    readonly forbidJsonb?: unknown
    readonly tagged?: unknown
  }
  return carriedOver(
    db,
    'resultKind' in db
      ? new Db(resultKind, dialect, session, relations, forbidJsonb)
      : new Db(dialect, session, relations, false, tagged),
  )
}
