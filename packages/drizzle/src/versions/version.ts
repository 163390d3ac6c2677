import type { SqlDialect } from '@larder/core/host'
import type { Column, Placeholder, SQL } from 'drizzle-orm'
import type { WithCache } from '../policy/with-cache.ts'
import type { BuilderConfig } from './builder-config.ts'
import type { DriverResults, SelectedFields } from './driver-rows.ts'
import type { DbParts, DialectParts, PreparedParts, SessionParts } from './parts.ts'

/** What a session's `prepareQuery` was told about a query. */
export interface PreparedOptions {
  /** The selection in the order of the result. Undefined for relational and raw queries. */
  readonly fields: SelectedFields | undefined
  /** Drizzle asks the driver for lists of values and maps them. */
  readonly mapped: boolean
  readonly withCache: WithCache | undefined
}

/** A column, by its name in the schema, and the placeholder it is compared with. */
export type KeyCondition = readonly [name: string, column: Column, value: Placeholder]

/**
 * Describes what each method of a dialect builds, from its parameters, the SQL it returned, the config that this SQL was
 * registered with before, and the whole return value.
 */
export type Builders = Readonly<
  Record<
    string,
    (
      parameters: readonly unknown[],
      sql: SQL,
      inner: BuilderConfig | undefined,
      result: unknown,
    ) => BuilderConfig
  >
>

/** All that differs between the private parts of one version of Drizzle and the next. */
export interface Version {
  /** The sessions that are supported and tested, by class name. */
  readonly drivers: Readonly<Record<string, SqlDialect>>
  readonly builders: Builders
  /** The config of a `db.$count(…)` that is a statement of its own, where no session method reveals it. */
  standaloneCount(sql: SQL): BuilderConfig | undefined
  /** A view over a dialect that knows the columns of all definitions of a table. In 1.0 the dialect itself. */
  withColumnNames(dialect: DialectParts): DialectParts
  /**
   * A db of the same class over another dialect and session. Its builders of relational queries are created anew,
   * because they keep a reference to the session.
   */
  cloneDb(db: DbParts, dialect: DialectParts, session: SessionParts): DbParts
  /** @param config what the query's SQL was built from. */
  preparedOptions(
    parameters: readonly unknown[],
    dialect: SqlDialect,
    config: BuilderConfig | undefined,
  ): PreparedOptions
  /**
   * Makes every execution of a prepared query call its `queryWithCache`.
   * @throws CacheError for a prepared query without that method: Larder must see every statement.
   */
  disableFastPath(prepared: PreparedParts): void
  results(dialect: SqlDialect, driver: string): DriverResults
  /** Whether `values()` of an asynchronous SQLite driver returns rows of the driver's own class, and no plain lists. */
  readonly valuesReturnsDriverRows: boolean
  /** The `where` of a relational query with these conditions and no others. */
  relationalWhere(conditions: readonly KeyCondition[]): unknown
  /**
   * A query of a batch that passes the driver's result to `observer` before Drizzle maps it, in the form that
   * {@link DriverResults.rows} takes.
   */
  observeBatched(prepared: PreparedParts, observer: (result: unknown) => void): PreparedParts
}
