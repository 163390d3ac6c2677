import type { Engine, SqlDialect, Transaction } from '@larder/core/host'
import type { Column } from 'drizzle-orm'
import type { Statement } from '../analysis/statement.ts'
import type { CallPolicy, Policies } from '../policy/policies.ts'
import type { DriverResults, SelectedFields } from '../versions/driver-rows.ts'
import type { RowReads } from '../write-through/row-reads.ts'
import type { RawSql } from './raw.ts'

/** What the statements of one db need, shared by all its forms. */
export interface StatementRoom {
  readonly engine: Engine
  readonly dialect: SqlDialect
  readonly policies: Policies
  readonly raw: RawSql
  readonly results: DriverResults
  readonly rows: RowReads
  /** True for a view that nobody has declared the sources of. */
  blind(view: string): boolean
  /** Columns of each primary or unique key of a table, by physical names. */
  uniques(table: string): readonly (readonly string[])[]
  /** Physical name of a column, with the db's casing. */
  physical(column: Column): string
}

/** One execution of a prepared statement. */
export interface Execution {
  readonly statement: Statement
  /** Stands for shape and text in entry keys. */
  readonly as: string
  /** As bound, placeholders filled in. */
  readonly parameters: readonly unknown[]
  /**
   * What Drizzle makes of the driver's result: `rows`: maps lists of values; `count`: takes the number out of it;
   * `result`: hands it to the caller as it is, which no cache can carry.
   */
  readonly shape: 'rows' | 'count' | 'result'
  readonly fields: SelectedFields | undefined
  /** Of raw SQL: its result is of a form that a cache can carry. */
  readonly carried: boolean
  readonly call: CallPolicy | undefined
  readonly place: Transaction | undefined
  /** The driver gives the first row alone. */
  readonly first: boolean
  run(): Promise<unknown>
  /** Gives up its place among the statements of its connection: it waits for what another one loads. */
  leave(): void
}
