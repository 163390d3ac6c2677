import { createHash } from 'node:crypto'
import {
  type Change,
  type ColumnValue,
  type Learn,
  type Occurrence,
  type Pins,
  UNKNOWN,
} from '@larder/core/host'

/** Columns compared with parameters: physical name to indices among the statement's parameters. */
export type PinPlaces = Readonly<Record<string, readonly number[]>>

/** An occurrence of a table, its values yet to be filled in. */
export interface OccurrencePlan {
  readonly table: string
  readonly pins: PinPlaces
  /**
   * `each`: the result has one row for each row of this occurrence that passed the filter. `once`: its one row is in
   * every row of the result.
   */
  readonly counted: 'each' | 'once' | undefined
  /** Of rows that the result names. */
  readonly learn?: Learn | undefined
}

/** A change whose values are yet to be filled in. */
export interface ChangePlan {
  readonly table: string
  readonly effect: Change['effect']
  readonly before?: PinPlaces
  /** Physical column to the index of its parameter; undefined for what no parameter shows. */
  readonly sets?: Readonly<Record<string, number | undefined>>
}

/** What a statement's SQL text tells, whatever its parameters: made once per text. */
export interface Statement {
  readonly text: string
  /** What stands for the text in entry keys: texts are long, and every read would hash its own again. */
  readonly key: string
  /**
   * - `read`: a select, count or relational query that writes nothing.
   * - `write`: an insert, update, delete or refresh; or a read with a CTE that writes.
   * - `raw`: SQL that no builder made, or that holds a statement which writes and no builder made.
   */
  readonly kind: 'read' | 'write' | 'raw'
  /** `'products.select'`. */
  readonly operation: string
  /** Key in the schema of the table the statement is about. */
  readonly model: string | undefined
  readonly locks: boolean
  /** The call has said what it writes: it writes, whatever its text says. */
  readonly declared?: true
  /** Why a read, or raw SQL if it is one, may not be cached. */
  readonly opaque: string | undefined
  /** The first is of the table the statement is about, if `rooted`. */
  readonly occurrences: readonly OccurrencePlan[]
  readonly rooted: boolean
  /** The statement's own changes come first: `returned` shows the rows of these. */
  readonly changes: readonly ChangePlan[]
  readonly ownChanges: number
  /** Raw SQL in it writes tables that cannot be told, besides `changes`. */
  readonly hidden?: boolean
}

/** A {@link Statement.key}: as good as the text itself. */
export function keyOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** A statement that its caller says writes `tables`: raw SQL, or a read that calls what may. */
export function declaring(statement: Statement, tables: readonly string[] | undefined): Statement {
  if (!tables?.length || (statement.kind === 'read' && statement.opaque === undefined)) return statement
  const changes = tables.map((table): ChangePlan => ({ table, effect: 'unknown' }))
  return {
    ...statement,
    kind: statement.kind === 'read' ? 'write' : statement.kind,
    declared: true,
    hidden: false,
    changes: [...statement.changes, ...changes],
  }
}

type Rows = (result: unknown) => number | undefined

/** The occurrences of a read with the parameters at hand. `rows` counts the rows of a result. */
export function occurrencesOf(
  { occurrences }: Statement,
  parameters: readonly unknown[],
  rows: Rows,
): readonly Occurrence[] {
  return occurrences.map(({ table, pins, counted, learn }) => ({
    table,
    pins: pinsAt(pins, parameters),
    ...(counted && { rows: counted === 'each' ? rows : onceIn(rows) }),
    ...(learn && { learn }),
  }))
}

const onceIn =
  (rows: Rows): Rows =>
  (result) => {
    const count = rows(result)
    return count && 1
  }

/** The changes of a write with the parameters at hand. */
export function changesOf({ changes }: Statement, parameters: readonly unknown[]): readonly Change[] {
  return changes.map(({ table, effect, before, sets }) => ({
    table,
    effect,
    ...(before && { before: pinsAt(before, parameters) }),
    ...(sets && { sets: valuesAt(sets, parameters) }),
  }))
}

function pinsAt(places: PinPlaces, parameters: readonly unknown[]): Pins {
  const pins: Record<string, readonly unknown[]> = {}
  // Runs at every read: `places` is our own plain object.
  for (const column in places) pins[column] = (places[column] ?? []).map((index) => parameters[index])
  return pins
}

function valuesAt(
  places: NonNullable<ChangePlan['sets']>,
  parameters: readonly unknown[],
): Readonly<Record<string, ColumnValue>> {
  return Object.fromEntries(
    Object.entries(places).map(([column, index]) => [
      column,
      index === undefined ? UNKNOWN : parameters[index],
    ]),
  )
}
