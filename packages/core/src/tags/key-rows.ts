import { type Change, type ColumnValue, type ReturnedRow, UNKNOWN } from '../plan/plan.ts'
import type { Column } from '../plan/table.ts'
import type { NamedKey } from './spelling.ts'
import { MOST_VALUES, own, tuplesOf } from './value.ts'

/** The old or the new value of some touched row cannot be told. */
export const UNKNOWN_ROWS = 'unknown'

/** Every old and new value of a lookup key among the touched rows, or {@link UNKNOWN_ROWS}. */
export type KeyRows = readonly (readonly string[])[] | typeof UNKNOWN_ROWS

/**
 * The values of `key` that a change may give or take from rows. `returned` are all the rows the statement touched,
 * as it left them. Pure; errs on the side of unknown.
 * @param inserts also gives what an insert is known to put into a unique key; what is not known is left out.
 */
export function rowsOfKey(
  key: NamedKey,
  change: Change,
  returned: readonly ReturnedRow[] | undefined,
  inserts = false,
): KeyRows {
  switch (change.effect) {
    case 'insert': {
      // A read by a unique key that could gain this row found none before, so it depends on `list`.
      if (key.unique && !inserts) return []
      const rows = every(returned ?? [{}], (row) => tuples(key, (column) => inserted(column, change, row)))
      return key.unique && rows === UNKNOWN_ROWS ? [] : rows
    }
    case 'delete':
      return every(returned ?? [{}], (row) => tuples(key, (column) => before(column, change, row, false)))
    case 'update':
    case 'upsert':
      return every(returned ?? [{}], (row) => updated(key, change, row))
    default:
      return UNKNOWN_ROWS
  }
}

function updated(key: NamedKey, change: Change, row: ReturnedRow): KeyRows {
  const old = tuples(key, (column) => before(column, change, row, changes(column, change)))
  if (old === UNKNOWN_ROWS || !key.columns.some((column) => changes(column, change))) return old
  const fresh = tuples(key, (column) =>
    changes(column, change) ? after(column, change, row) : before(column, change, row, false),
  )
  return fresh === UNKNOWN_ROWS ? fresh : [...old, ...fresh]
}

/** True if the statement may give the column another value. */
function changes(column: Column, change: Change): boolean {
  return column.generated || !change.sets || Object.hasOwn(change.sets, column.name)
}

/** Values before the statement: what the filter proves, else what an unchanged column was returned with. */
function before(column: Column, change: Change, row: ReturnedRow, changed: boolean): readonly ColumnValue[] {
  const shown = own(row, column.name)
  if (!changed && shown !== undefined) return [shown]
  return (change.before && own(change.before, column.name)) ?? [UNKNOWN]
}

/** Value after an update; the returned row is the better witness, for it saw triggers and casts. */
function after(column: Column, change: Change, row: ReturnedRow): readonly ColumnValue[] {
  const shown = own(row, column.name)
  if (shown !== undefined) return [shown]
  if (column.generated || !change.sets) return [UNKNOWN]
  return [own(change.sets, column.name)]
}

function inserted(column: Column, change: Change, row: ReturnedRow): readonly ColumnValue[] {
  const shown = own(row, column.name)
  if (shown !== undefined) return [shown]
  if (column.generated || !change.sets) return [UNKNOWN]
  const given = own(change.sets, column.name)
  if (given !== undefined) return [given]
  return [column.nullable && !column.hasDefault ? null : UNKNOWN]
}

/** A key with a NULL in it names no row that any read could be pinned by. */
function tuples(key: NamedKey, values: (column: Column) => readonly ColumnValue[]): KeyRows {
  const given = new Map(key.columns.map((column) => [column, values(column)]))
  if (key.columns.some((column) => given.get(column)?.every((value) => value === null))) return []
  return tuplesOf(key.columns, (column) => given.get(column))?.tuples ?? UNKNOWN_ROWS
}

function every(rows: readonly ReturnedRow[], one: (row: ReturnedRow) => KeyRows): KeyRows {
  const all = new Map<string, readonly string[]>()
  for (const row of rows) {
    const found = one(row)
    if (found === UNKNOWN_ROWS) return UNKNOWN_ROWS
    for (const tuple of found) all.set(JSON.stringify(tuple), tuple)
    if (all.size > MOST_VALUES) return UNKNOWN_ROWS
  }
  return [...all.values()]
}
