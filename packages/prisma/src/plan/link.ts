import { type Change, type ColumnValue, type Pins, UNKNOWN } from '@larder/core/host'
import type { ModelMap, Relation } from '../schema/model.ts'
import { pinsOf } from './pins.ts'
import { certainValue, type Row } from './row.ts'
import type { Sets } from './sets.ts'

/** A change of a nested write. */
export interface NestedChange extends Change {
  /** Columns of the new rows, each with the column of the returned row that it equals. */
  readonly fromResult?: Readonly<Record<string, string>>
}

/** The row that contains a nested write, and the relation between them. */
export interface NestedParent {
  readonly model: string
  readonly relation: Relation
  /** New values of the row. A foreign key that it holds itself is added here. */
  readonly sets: Sets
  readonly row: Row
}

/**
 * Returns the changes that connect an existing row to its parent: the side that holds the foreign key is written.
 * @param target the arguments that name the row. Undefined: they may name another row by then.
 * @param key the primary key of the row, if that is certain.
 */
export function linked(
  models: ModelMap,
  parent: NestedParent,
  target: unknown,
  key: Pins | undefined,
): readonly NestedChange[] {
  const { relation, row, sets } = parent
  if (relation.holder === 'own')
    for (const { source, target: column } of relation.pairs)
      sets[source] = named(models, relation, column, target)
  if (relation.holder !== 'target') return [...replaced(models, parent), ...joinedTo(parent, key)]
  const reference = relation.pairs.map(
    ({ source, target: column }) => [column, certainValue(row, source)] as const,
  )
  return [...replaced(models, parent), touched(relation, key, Object.fromEntries(reference))]
}

/** Returns the changes that disconnect rows from their parent. Without `key`, any of them. */
export function unlinked(
  models: ModelMap,
  parent: NestedParent,
  key: Pins | undefined,
): readonly NestedChange[] {
  const { model, relation, sets } = parent
  if (relation.holder === 'own') Object.assign(sets, unknown(relation, 'source'))
  if (relation.holder === 'target') return [touched(relation, key, unknown(relation, 'target'))]
  if (relation.holder === 'unknown') return eitherSide(models, model, relation)
  return removedFromJoin(parent, key)
}

/** Returns the changes of the row that was connected before, if the relation allows only one. */
export function replaced(models: ModelMap, { model, relation }: NestedParent): readonly NestedChange[] {
  if (relation.holder === 'unknown') return eitherSide(models, model, relation)
  if (relation.holder === 'target')
    return relation.list ? [] : [touched(relation, undefined, unknown(relation, 'target'))]
  if (relation.holder !== 'own') return []
  const shared = models.relation(relation.target, relation.opposite)?.list
  return shared ? [] : [{ table: models.table(model), effect: 'update', sets: unknown(relation, 'source') }]
}

/** Returns the row of a join table that connects a new row, inserted with `sets`. */
export function joined(parent: NestedParent, sets: Sets): readonly NestedChange[] {
  const column = parent.relation.join?.target.references ?? ''
  return insertedIntoJoin(parent, Object.hasOwn(sets, column) ? sets[column] : UNKNOWN)
}

function joinedTo(parent: NestedParent, key: Pins | undefined): readonly NestedChange[] {
  const values = key?.[parent.relation.join?.target.references ?? '']
  return insertedIntoJoin(parent, values?.length === 1 ? values[0] : UNKNOWN)
}

function insertedIntoJoin(
  { relation, row }: NestedParent,
  targetValue: ColumnValue,
): readonly NestedChange[] {
  if (!relation.join) return []
  const { source, target, table } = relation.join
  const sets = { [source.column]: certainValue(row, source.references), [target.column]: targetValue }
  const fromResult = row.shown && { fromResult: { [source.column]: source.references } }
  return [{ table, effect: 'insert', sets, ...fromResult }]
}

/** Prisma deletes rows of a join table by the keys of both sides. */
function removedFromJoin({ relation, row }: NestedParent, key: Pins | undefined): readonly NestedChange[] {
  if (!relation.join) return []
  const { source, target, table } = relation.join
  const parentValue = certainValue(row, source.references)
  const children = key?.[target.references]
  const before = {
    ...(parentValue !== UNKNOWN && { [source.column]: [parentValue] }),
    ...(children && { [target.column]: children }),
  }
  return [{ table, effect: 'delete', ...(Object.keys(before).length && { before }) }]
}

/** Rows of the other side whose foreign key changes. */
function touched(relation: Relation, key: Pins | undefined, sets: Sets): NestedChange {
  return { table: relation.table, effect: 'update', ...(key && { before: key }), sets }
}

/** Without a datamodel, either table may hold the foreign key, or a third one. */
function eitherSide(models: ModelMap, model: string, relation: Relation): readonly NestedChange[] {
  return [models.table(model), ...relation.tables].map((table) => ({ table, effect: 'unknown' }))
}

/** The value that a `connect` gives for the referenced column, if it does. */
function named(models: ModelMap, relation: Relation, column: string, target: unknown): ColumnValue {
  const pins = target === undefined ? undefined : pinsOf(models, relation.target, target)
  const values = pins && Object.hasOwn(pins, column) ? pins[column] : undefined
  return values?.length === 1 ? values[0] : UNKNOWN
}

function unknown(relation: Relation, side: 'source' | 'target'): Sets {
  return Object.fromEntries(relation.pairs.map((pair) => [pair[side], UNKNOWN]))
}
