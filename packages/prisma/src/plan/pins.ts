import { type ColumnValue, type Pins, UNKNOWN } from '@larder/core/host'
import type { ScalarField } from '../schema/datamodel.ts'
import type { ModelMap } from '../schema/model.ts'
import { argument, fieldsOf, listOf, literalOf } from './argument.ts'

/** Longer lists pin nothing. */
export const MOST_PINNED = 100

/**
 * The columns that a `where` binds to plain values, from its top-level AND alone: `{ id: 1 }`, `equals`, `in` of at
 * most 100 values, compound unique keys. Never from OR, NOT, relation filters, `mode: 'insensitive'` (it is ILIKE,
 * wildcards included), field references, NULL, or what is absent. Undefined where nothing is bound.
 */
export function pinsOf(models: ModelMap, model: string, where: unknown): Pins | undefined {
  const found = new Map<string, readonly ColumnValue[]>()
  collect(models, model, where, found)
  return found.size ? Object.fromEntries(found) : undefined
}

/** Both sets of pins hold; see {@link narrower} for a column that both bind. */
export function bothPins(a: Pins | undefined, b: Pins | undefined): Pins | undefined {
  if (!a || !b) return a ?? b
  const both = new Map(Object.entries(a))
  for (const [column, values] of Object.entries(b)) both.set(column, narrower(both.get(column), values))
  return Object.fromEntries(both)
}

/** The pins on some of the columns. */
export function pinsOn(pins: Pins | undefined, columns: readonly string[]): Pins | undefined {
  const kept = Object.entries(pins ?? {}).filter(([column]) => columns.includes(column))
  return kept.length ? Object.fromEntries(kept) : undefined
}

type Found = Map<string, readonly ColumnValue[]>

function collect(models: ModelMap, model: string, where: unknown, found: Found): void {
  for (const [name, value] of fieldsOf(where) ?? []) {
    if (name === 'AND') {
      for (const one of listOf(value)) collect(models, model, one, found)
      continue
    }
    if (name === 'OR' || name === 'NOT') continue
    const field = models.fieldOf(model, name)
    if (field?.kind === 'relation') continue
    if (field) pin(found, field.column, equalities(models, field, value))
    else for (const part of models.unique(model, name) ?? []) collectPart(models, model, part, value, found)
  }
}

/** One field of a compound unique key: `userId` of `{ userId_groupId: { userId: 1, groupId: 2 } }`. */
function collectPart(models: ModelMap, model: string, part: string, key: unknown, found: Found): void {
  const field = models.fieldOf(model, part)
  if (field && field.kind !== 'relation')
    pin(found, field.column, literals(models, field, [argument(key, part)]))
}

function pin(found: Found, column: string, values: readonly ColumnValue[] | undefined): void {
  if (values) found.set(column, narrower(found.get(column), values))
}

/**
 * Of two lists that a column must both be in, the shorter. Their intersection would be wrong: citext finds one row
 * by 'A' and by 'a'.
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
  const given = new Map(filter)
  if (given.has('mode') && given.get('mode') !== 'default') return undefined
  const equal = given.has('equals') ? literals(models, field, [given.get('equals')]) : undefined
  const among: unknown = given.get('in')
  const listed = Array.isArray(among) ? literals(models, field, among) : undefined
  return equal ?? listed
}

/** Undefined if one of them is NULL or no literal, or if there are none or too many. */
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
