import type { Engine, SqlDialect } from '@larder/core/host'
import type { Column } from 'drizzle-orm'
import type { Policies } from '../policy/policies.ts'
import type { DriverResults } from '../versions/driver-rows.ts'
import type { RowReads } from '../write-through/row-reads.ts'
import type { ReadCodecs } from './execution.ts'
import type { RawSql } from './raw.ts'

/** What the statements of one db need. Shared by all variants of the db. */
export interface StatementDeps {
  readonly engine: Engine
  readonly dialect: SqlDialect
  readonly policies: Policies
  readonly raw: RawSql
  readonly results: DriverResults
  /** How results are cached, by what Drizzle makes of them. */
  readonly codecs: ReadCodecs
  readonly rowReads: RowReads
  /** See `ReadPlan.unreachable`. */
  unreachable(error: unknown): boolean
  /** True for a view whose sources nobody has declared. */
  isUndeclaredView(view: string): boolean
  /** The columns of each primary or unique key of a table, by physical names. */
  uniqueKeysOf(table: string): readonly (readonly string[])[]
  /** Physical name of a column, with the db's casing. */
  columnName(column: Column): string
}
