import type { SqlDialect } from '@larder/core/host'
import type { Column, Placeholder } from 'drizzle-orm'
import type { WithCache } from '../policy/with-cache.ts'
import type { Built } from './builder-config.ts'
import type { DriverResults, SelectedFields } from './driver-rows.ts'
import type { SqlMakers } from './override-dialect.ts'
import type { DbParts, DialectParts, PreparedParts, SessionParts } from './parts.ts'

/** What a session's `prepareQuery` was told about a query. */
export interface Preparation {
  /** The selection in the order of the result; undefined where none was named: relational and raw queries. */
  readonly fields: SelectedFields | undefined
  /** The driver is asked for lists of values, which Drizzle maps. */
  readonly mapped: boolean
  readonly withCache: WithCache | undefined
}

/** A column by its name in the schema, and what it is compared with. */
export type Equal = readonly [name: string, column: Column, value: Placeholder]

/** Where the private parts of Drizzle differ from one version to the next. */
export interface Version extends SqlMakers {
  /** Sessions that are known and tested, by their class. */
  readonly drivers: Readonly<Record<string, SqlDialect>>
  /**
   * A db of the same class over another dialect and session. Its builders of relational queries are made anew, since
   * they hold on to the session.
   */
  sameDb(db: DbParts, dialect: DialectParts, session: SessionParts): DbParts
  /** `built`: what the query's SQL was built from. */
  preparation(parameters: readonly unknown[], dialect: SqlDialect, built: Built | undefined): Preparation
  /**
   * Makes every execution of a prepared query go through its `queryWithCache`.
   * @throws CacheError where it has none: what cannot be seen must not run unseen.
   */
  open(prepared: PreparedParts): void
  results(dialect: SqlDialect, driver: string): DriverResults
  /** The `where` of a relational query that asks for nothing but these. */
  relationalWhere(equal: readonly Equal[]): unknown
  /** A query of a batch that tells `seen` what the driver answered, before Drizzle maps it: for {@link DriverResults.rows}. */
  watchBatched(prepared: PreparedParts, seen: (result: unknown) => void): PreparedParts
}
