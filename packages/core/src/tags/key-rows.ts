import { type Change, type ColumnValue, type ReturnedRow, UNKNOWN } from '../plan/plan.ts'
import type { Column } from '../plan/table.ts'
import type { NamedKey } from './spelling.ts'
import { MOST_VALUES, own, tuplesOf } from './value.ts'

/** The old or the new value of some changed row is not known. */
export const UNKNOWN_ROWS = 'unknown'

/** Every old and new value of a lookup key in the changed rows, or {@link UNKNOWN_ROWS}. */
export type KeyRows = readonly (readonly string[])[] | typeof UNKNOWN_ROWS

/**
 * Returns the values of `key` that rows may get or lose by a change. In doubt they are unknown. Pure.
 * @param returned all rows that the statement changed, as they are afterwards.
 * @param inserts true: also returns the known values that an insert gives a unique key. Unknown ones are left out.
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

/** Values before the statement: what an unchanged column was returned with, else what the filter proves. */
function before(column: Column, change: Change, row: ReturnedRow, changed: boolean): readonly ColumnValue[] {
  const shown = own(row, column.name)
  if (!changed && shown !== undefined) return [shown]
  return (change.before && own(change.before, column.name)) ?? [UNKNOWN]
}

/** Value after an update. A returned row is preferred, because it also shows what triggers and casts did. */
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
  const inserted = own(change.sets, column.name)
  if (inserted !== undefined) return [inserted]
  return [column.nullable && !column.hasDefault ? null : UNKNOWN]
}

/** A key that contains NULL cannot pin a read. */
function tuples(key: NamedKey, values: (column: Column) => readonly ColumnValue[]): KeyRows {
  const [only] = key.columns
  if (only && key.columns.length === 1) {
    const ofOnly = values(only)
    if (ofOnly.every((value) => value === null)) return []
    return tuplesOf(key.columns, () => ofOnly)?.tuples ?? UNKNOWN_ROWS
  }
  const valuesByColumn = new Map(key.columns.map((column) => [column, values(column)]))
  if (key.columns.some((column) => valuesByColumn.get(column)?.every((value) => value === null))) return []
  return tuplesOf(key.columns, (column) => valuesByColumn.get(column))?.tuples ?? UNKNOWN_ROWS
}

function every(rows: readonly ReturnedRow[], valuesOf: (row: ReturnedRow) => KeyRows): KeyRows {
  const [only] = rows
  if (only && rows.length === 1) {
    const values = valuesOf(only)
    if (values === UNKNOWN_ROWS || values.length < 2) return values
  }
  const all = new Map<string, readonly string[]>()
  for (const row of rows) {
    const values = valuesOf(row)
    if (values === UNKNOWN_ROWS) return UNKNOWN_ROWS
    for (const tuple of values) all.set(JSON.stringify(tuple), tuple)
    if (all.size > MOST_VALUES) return UNKNOWN_ROWS
  }
  return [...all.values()]
}
