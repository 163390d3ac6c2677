import { type ColumnValue, type Pins, UNKNOWN } from '@larder/core/host'
import type { ScalarField } from '../schema/datamodel.ts'
import type { ModelMap } from '../schema/model.ts'
import { argument, fieldsOf, listOf, literalOf } from './argument.ts'

/** A longer list of values pins nothing. */
export const MOST_PINNED = 100

/**
 * Returns the columns that a `where` ties to plain values. Only its top-level AND counts: `{ id: 1 }`, `equals`, `in` with at most
 * 100 values, compound unique keys. OR, NOT, relation filters, `mode: 'insensitive'` (which is ILIKE with wildcards), field
 * references, NULL and absent arguments pin nothing. Undefined: no column is pinned.
 */
export function pinsOf(models: ModelMap, model: string, where: unknown): Pins | undefined {
  const pinned = new Map<string, readonly ColumnValue[]>()
  collect(models, model, where, pinned)
  return pinned.size ? Object.fromEntries(pinned) : undefined
}

/** Joins pins that hold together. If both pin a column, {@link narrower} decides. */
export function bothPins(a: Pins | undefined, b: Pins | undefined): Pins | undefined {
  if (!a || !b) return a ?? b
  const both = new Map(Object.entries(a))
  for (const [column, values] of Object.entries(b)) both.set(column, narrower(both.get(column), values))
  return Object.fromEntries(both)
}

/** Returns the pins on these columns. */
export function pinsOn(pins: Pins | undefined, columns: readonly string[]): Pins | undefined {
  const remaining = Object.entries(pins ?? {}).filter(([column]) => columns.includes(column))
  return remaining.length ? Object.fromEntries(remaining) : undefined
}

type PinnedColumns = Map<string, readonly ColumnValue[]>

function collect(models: ModelMap, model: string, where: unknown, pinned: PinnedColumns): void {
  for (const [name, value] of fieldsOf(where) ?? []) {
    if (name === 'AND') {
      for (const filter of listOf(value)) collect(models, model, filter, pinned)
      continue
    }
    if (name === 'OR' || name === 'NOT') continue
    const field = models.fieldOf(model, name)
    if (field?.kind === 'relation') continue
    if (field) pin(pinned, field.column, equalities(models, field, value))
    else for (const part of models.unique(model, name) ?? []) collectPart(models, model, part, value, pinned)
  }
}

/** One field of a compound unique key: `userId` of `{ userId_groupId: { userId: 1, groupId: 2 } }`. */
function collectPart(
  models: ModelMap,
  model: string,
  part: string,
  key: unknown,
  pinned: PinnedColumns,
): void {
  const field = models.fieldOf(model, part)
  if (field && field.kind !== 'relation')
    pin(pinned, field.column, literals(models, field, [argument(key, part)]))
}

function pin(pinned: PinnedColumns, column: string, values: readonly ColumnValue[] | undefined): void {
  if (values) pinned.set(column, narrower(pinned.get(column), values))
}

/**
 * Returns the shorter of two lists that must both contain the column's value. Their intersection would be wrong, because citext
 * finds one row by 'A' and by 'a'.
 */
function narrower(a: readonly ColumnValue[] | undefined, b: readonly ColumnValue[]): readonly ColumnValue[] {
  return a && a.length <= b.length ? a : b
}

function equalities(
  models: ModelMap,
  field: ScalarField,
  value: unknown,
): readonly ColumnValue[] | undefined {
  const filter = fieldsOf(value)
  if (!filter) return literals(models, field, [value])
  const operators = new Map(filter)
  if (operators.has('mode') && operators.get('mode') !== 'default') return undefined
  const equal = operators.has('equals') ? literals(models, field, [operators.get('equals')]) : undefined
  const among: unknown = operators.get('in')
  const listed = Array.isArray(among) ? literals(models, field, among) : undefined
  return equal ?? listed
}

/** Undefined if a value is NULL or no literal, or if there are none or too many. */
function literals(
  models: ModelMap,
  field: ScalarField,
  values: readonly unknown[],
): readonly ColumnValue[] | undefined {
  if (!values.length || values.length > MOST_PINNED) return undefined
  const distinct = new Set<ColumnValue>()
  for (const value of values) {
    const literal = value === undefined ? UNKNOWN : literalOf(models, field, value)
    if (literal === UNKNOWN || literal === null) return undefined
    distinct.add(literal)
  }
  return [...distinct]
}
