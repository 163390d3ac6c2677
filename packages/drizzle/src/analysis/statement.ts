import { createHash } from 'node:crypto'
import {
  type Change,
  type ColumnValue,
  type Occurrence,
  type Pins,
  type ResultDependency,
  UNKNOWN,
} from '@larder/core/host'

/** Columns compared with parameters: physical names to indices among the statement's parameters. */
export type PinParameters = Readonly<Record<string, readonly number[]>>

/** An occurrence of a table, before its parameters have values. */
export interface OccurrencePlan {
  readonly table: string
  readonly pins: PinParameters
  /**
   * `each`: the result has one row for each row of this occurrence that passed the filter. `once`: the only row of this
   * occurrence is in every row of the result.
   */
  readonly counted: 'each' | 'once' | undefined
  /** Which rows of this occurrence the result reveals. */
  readonly resultDependency?: ResultDependency | undefined
}

/** The columns of a SET or VALUES, by physical name, with the index of the parameter. Undefined: an expression. */
export type ColumnParameters = Readonly<Record<string, number | undefined>>

/** A change, before its parameters have values. */
export interface ChangePlan {
  readonly table: string
  readonly effect: Change['effect']
  readonly before?: PinParameters
  readonly sets?: ColumnParameters
}

/** What the SQL text of a statement shows, whatever its parameters. Computed once per text. */
export interface Statement {
  readonly text: string
  /** A digest of the text for entry keys. Texts are long, and every read would have to hash its own. */
  readonly key: string
  /**
   * - `read`: a select, count or relational query that writes nothing.
   * - `write`: an insert, update, delete or refresh, or a read with a CTE that writes.
   * - `raw`: SQL that no builder produced, or that contains a writing statement which no builder produced.
   */
  readonly kind: 'read' | 'write' | 'raw'
  /** `'products.select'`. */
  readonly operation: string
  /** Key in the schema of the statement's main table. */
  readonly model: string | undefined
  readonly locks: boolean
  /** The call has declared which tables it writes, so the statement counts as a write whatever its text says. */
  readonly declared?: true
  /** Why a read, or raw SQL that is a read, must not be cached. */
  readonly opaque: string | undefined
  readonly occurrences: readonly OccurrencePlan[]
  /** The first occurrence is of the main table. */
  readonly modelFirst: boolean
  /** The statement's own changes come first: `returned` shows the rows of these. */
  readonly changes: readonly ChangePlan[]
  readonly ownChanges: number
  /** Raw SQL inside the statement writes unknown tables, besides `changes`. */
  readonly hasUnknownWrites?: boolean
}

/** The digest of a text: see {@link Statement.key}. */
export function textKey(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** Adds the writes that a call has declared, to raw SQL or to a read that calls a function. */
export function withDeclaredWrites(statement: Statement, tables: readonly string[]): Statement {
  if (statement.kind === 'read' && statement.opaque === undefined) return statement
  const changes = tables.map((table): ChangePlan => ({ table, effect: 'unknown' }))
  return {
    ...statement,
    kind: statement.kind === 'read' ? 'write' : statement.kind,
    declared: true,
    hasUnknownWrites: false,
    changes: [...statement.changes, ...changes],
  }
}

type CountRows = (result: unknown) => number | undefined

/** The occurrences of a read with the values of its parameters. */
export function occurrencesOf(
  { occurrences }: Statement,
  parameters: readonly unknown[],
  countRows: CountRows,
): readonly Occurrence[] {
  return occurrences.map(({ table, pins, counted, resultDependency }) => ({
    table,
    pins: pinsOf(pins, parameters),
    ...(counted && { rows: counted === 'each' ? countRows : oneRow(countRows) }),
    ...(resultDependency && { resultDependency }),
  }))
}

const oneRow =
  (countRows: CountRows): CountRows =>
  (result) => {
    const count = countRows(result)
    return count && 1
  }

/** The changes of a write with the values of its parameters. */
export function changesOf({ changes }: Statement, parameters: readonly unknown[]): readonly Change[] {
  return changes.map(({ table, effect, before, sets }) => ({
    table,
    effect,
    ...(before && { before: pinsOf(before, parameters) }),
    ...(sets && { sets: valuesOf(sets, parameters) }),
  }))
}

function pinsOf(columns: PinParameters, parameters: readonly unknown[]): Pins {
  const pins: Record<string, readonly unknown[]> = {}
  // Runs at every read. `columns` is a plain object of our own, so `in` finds no inherited keys.
  for (const column in columns) pins[column] = (columns[column] ?? []).map((index) => parameters[index])
  return pins
}

function valuesOf(
  columns: ColumnParameters,
  parameters: readonly unknown[],
): Readonly<Record<string, ColumnValue>> {
  return Object.fromEntries(
    Object.entries(columns).map(([column, index]) => [
      column,
      index === undefined ? UNKNOWN : parameters[index],
    ]),
  )
}
