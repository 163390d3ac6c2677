import { type Pins, UNKNOWN } from '@larder/core/host'
import type { ModelMap, Relation } from '../schema/model.ts'
import { argument, fieldsOf, listOf } from './argument.ts'
import { joined, linked, type NestedChange, type NestedParent, taken, unlinked } from './link.ts'
import { certainValue, foundRow, identified, madeRow, type Row } from './row.ts'
import { changedBy, type Data, insertedBy } from './sets.ts'

/** What a walk through the nested writes of one operation has found so far. */
export interface Nested {
  readonly models: ModelMap
  /** False where not even a row named by its primary key is certain to be the one written. */
  readonly certain: boolean
  /** The database fits values to their columns where an insert skips what it cannot do. */
  readonly fitted: boolean
  readonly changes: NestedChange[]
  /** Something is not understood: any table may be written. */
  opaque: boolean
}

/** More rows than this are one insert of unknown rows. */
export const MOST_ROWS = 100

/**
 * Notes every change that the nested writes of `data` make, to any depth, with the rows that arguments name by their
 * primary key. The foreign keys that the row itself holds are put into `data.sets`: a connect by the referenced
 * column tells the new value, everything else makes it unknown.
 * @param row what is certain of the row they hang on.
 */
export function nestedIn(nested: Nested, model: string, data: Data, row: Row): void {
  if (data.opaque) nested.opaque = true
  for (const [relation, value] of data.relations) {
    const operations = fieldsOf(value)
    if (!operations) nested.opaque = true
    for (const [operation, argument] of operations ?? []) {
      if (argument !== false)
        planOperation(nested, { model, relation, sets: data.sets, row }, operation, argument)
    }
  }
}

function planOperation(nested: Nested, parent: NestedParent, operation: string, given: unknown): void {
  const { relation } = parent
  const items = listOf(given)
  const note = (changes: readonly NestedChange[]): void => void nested.changes.push(...changes)
  const keyOf = (where: unknown): Pins | undefined => keyed(nested, relation.target, where)
  switch (operation) {
    case 'connect':
      for (const item of items) note(linked(nested.models, parent, item, keyOf(item)))
      break
    case 'disconnect':
      for (const item of items) note(unlinked(nested.models, parent, keyOf(item)))
      break
    case 'set':
      note(unlinked(nested.models, parent, undefined))
      for (const item of items) note(linked(nested.models, parent, item, keyOf(item)))
      break
    case 'create':
      for (const data of items) insert(nested, parent, data)
      break
    case 'createMany':
      insertMany(nested, parent, given)
      break
    case 'connectOrCreate':
      for (const item of items) {
        const where = argument(item, 'where')
        insert(nested, parent, argument(item, 'create'))
        note(linked(nested.models, parent, undefined, keyOf(where)))
      }
      break
    case 'update':
    case 'updateMany':
      for (const item of items) update(nested, relation, dataOf(nested, relation, item), keyOf(whereOf(item)))
      break
    case 'upsert':
      for (const item of items) {
        insert(nested, parent, argument(item, 'create'))
        update(nested, relation, argument(item, 'update'), keyOf(argument(item, 'where')))
      }
      break
    case 'delete':
    case 'deleteMany':
      for (const item of items) remove(nested, parent, keyOf(item))
      break
    default:
      nested.opaque = true
  }
}

function keyed(nested: Nested, model: string, where: unknown): Pins | undefined {
  return nested.certain && where !== undefined ? identified(nested.models, model, where) : undefined
}

/** The referential action on the references to the row is the engine's to derive; the row's own reference is ours. */
function remove(nested: Nested, parent: NestedParent, key: Pins | undefined): void {
  const { relation } = parent
  nested.changes.push({ table: relation.table, effect: 'delete', ...(key && { before: key }) })
  if (relation.holder !== 'target') nested.changes.push(...unlinked(nested.models, parent, key))
}

/**
 * True where `skipDuplicates` is INSERT IGNORE, as on MySQL: it cuts off long texts and clamps numbers, so that rows may
 * hold other values than were given.
 */
export function ignores({ fitted }: Nested, args: unknown): boolean {
  return fitted && argument(args, 'skipDuplicates') === true
}

function insertMany(nested: Nested, parent: NestedParent, given: unknown): void {
  const rows = listOf(argument(given, 'data'))
  if (rows.length > MOST_ROWS || ignores(nested, given))
    nested.changes.push({ table: parent.relation.table, effect: 'insert' }, ...taken(nested.models, parent))
  else for (const row of rows) insert(nested, parent, row)
}

/** A row on the other side, and what ties it to the row it is written from. */
function insert(nested: Nested, parent: NestedParent, data: unknown): void {
  const { models } = nested
  const { relation, sets, row: parentRow } = parent
  const row = insertedBy(models, relation.target, data)
  const fromResult: Record<string, string> = {}
  if (relation.holder === 'own') for (const { own } of relation.pairs) sets[own] = UNKNOWN
  if (relation.holder === 'target')
    for (const { own, target } of relation.pairs) {
      row.sets[target] = certainValue(parentRow, own)
      if (parentRow.shown) fromResult[target] = own
    }
  nestedIn(nested, relation.target, row, madeRow(row, false))
  const change = { table: relation.table, effect: 'insert', sets: row.sets } as const
  nested.changes.push({ ...change, ...(Object.keys(fromResult).length && { fromResult }) })
  nested.changes.push(...taken(models, parent), ...joined(parent, row.sets))
}

function update(nested: Nested, relation: Relation, data: unknown, key: Pins | undefined): void {
  const row = changedBy(nested.models, relation.target, data)
  nestedIn(nested, relation.target, row, foundRow(key, row, false))
  const { sets } = row
  nested.changes.push({ table: relation.table, effect: 'update', ...(key && { before: key }), sets })
}

/** `{ where, data }`, or to one the data alone. Which of the two is not told where a field is named `data`. */
function dataOf(nested: Nested, relation: Relation, item: unknown): unknown {
  const wrapped = argument(item, 'data')
  if (wrapped === undefined) return item
  if (!relation.list && nested.models.fieldOf(relation.target, 'data')) nested.opaque = true
  return wrapped
}

function whereOf(item: unknown): unknown {
  return argument(item, 'data') === undefined ? undefined : argument(item, 'where')
}
