import { type ColumnValue, UNKNOWN } from '@larder/core/host'
import type { ScalarField } from '../schema/datamodel.ts'
import type { ModelMap, Relation } from '../schema/model.ts'
import { fieldsOf, literalOf } from './argument.ts'

/** Columns that a statement sets or may change, with their new value or {@link UNKNOWN}. */
export type Sets = Record<string, ColumnValue>

/** The parts of a write's `data`. */
export interface Data {
  readonly sets: Sets
  /** Nested writes, by relation field. */
  readonly relations: readonly (readonly [relation: Relation, operations: unknown])[]
  /** True if an argument is not known: any table may be written. */
  readonly opaque: boolean
}

/** Reads the `data` of a create. Every column is listed, because an omitted one gets NULL or a default. */
export function insertedBy(models: ModelMap, model: string, data: unknown): Data {
  const named = take(models, model, data)
  const sets: Sets = {}
  for (const field of scalarsOf(models, model)) {
    const setsNull = !field.required && !field.list && !field.hasDefault && !field.updatedAt
    sets[field.column] = setsNull ? null : UNKNOWN
  }
  return { ...named, sets: { ...sets, ...named.sets } }
}

/** Reads the `data` of an update: the columns it names, and those that the client adds. */
export function changedBy(models: ModelMap, model: string, data: unknown): Data {
  const named = take(models, model, data)
  const sets: Sets = {}
  for (const column of stampedBy(models, model)) sets[column] = UNKNOWN
  return { ...named, sets: { ...sets, ...named.sets } }
}

function take(models: ModelMap, model: string, data: unknown): Data {
  const fields = fieldsOf(data)
  if (!fields) return { sets: {}, relations: [], opaque: true }
  const sets: Sets = {}
  const relations: [Relation, unknown][] = []
  let opaque = false
  for (const [name, value] of fields) {
    const field = models.fieldOf(model, name)
    const relation = models.relation(model, name)
    if (relation) relations.push([relation, value])
    else if (field && field.kind !== 'relation') sets[field.column] = newValue(models, field, value)
    else opaque = true
  }
  return { sets, relations, opaque }
}

/** `5` and `{ set: 5 }` contain the new value. `increment`, `push` and other operations do not. */
function newValue(models: ModelMap, field: ScalarField, value: unknown): ColumnValue {
  const operations = fieldsOf(value)
  if (!operations) return literalOf(models, field, value)
  const [only, ...others] = operations
  return only?.[0] === 'set' && !others.length ? literalOf(models, field, only[1]) : UNKNOWN
}

const stamped = new WeakMap<object, readonly string[]>()

/** Returns the columns that the client sets at every update. Found once for each model. */
function stampedBy(models: ModelMap, model: string): readonly string[] {
  const key = models.model(model)
  const remembered = stamped.get(key)
  if (remembered) return remembered
  const columns = scalarsOf(models, model)
    .filter((field) => field.updatedAt)
    .map((field) => field.column)
  stamped.set(key, columns)
  return columns
}

function scalarsOf(models: ModelMap, model: string): readonly ScalarField[] {
  return Object.values(models.model(model).fields).filter((field) => field.kind !== 'relation')
}
