import { type Pins, UNKNOWN } from '@larder/core/host'
import type { ModelMap, Relation } from '../schema/model.ts'
import { argument, fieldsOf, listOf } from './argument.ts'
import { joined, linked, type NestedChange, type NestedParent, replaced, unlinked } from './link.ts'
import { certainValue, foundRow, identified, madeRow, type Row } from './row.ts'
import { changedBy, type Data, insertedBy } from './sets.ts'

/** What was found so far in the nested writes of one operation. */
export interface Nested {
  readonly models: ModelMap
  /** False if even a row that is named by its primary key may not be the one that is written. */
  readonly certain: boolean
  /** Whether the database adjusts values to their columns when an insert skips errors. */
  readonly fitted: boolean
  readonly changes: NestedChange[]
  /** True if an argument is not known: any table may be written. */
  opaque: boolean
}

/** An insert of more rows counts as one of unknown rows. */
export const MOST_ROWS = 100

/** False for most data: then nobody needs to know which row nested writes would be in. */
export function mayNest({ relations, opaque }: Data): boolean {
  return relations.length > 0 || opaque
}

/**
 * Adds every change that the nested writes of `data` make, at any depth. Rows are known if arguments name them by their primary key.
 * Foreign keys that the row itself holds are added to `data.sets`: a `connect` by the referenced column gives the new value, and
 * everything else makes it unknown.
 * @param row what is certain of the row that contains the nested writes.
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

function planOperation(nested: Nested, parent: NestedParent, operation: string, operand: unknown): void {
  const { relation } = parent
  const items = listOf(operand)
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
      insertMany(nested, parent, operand)
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

/** The engine derives the actions on foreign keys that refer to the row. A foreign key of the row itself is handled here. */
function remove(nested: Nested, parent: NestedParent, key: Pins | undefined): void {
  const { relation } = parent
  nested.changes.push({ table: relation.table, effect: 'delete', ...(key && { before: key }) })
  if (relation.holder !== 'target') nested.changes.push(...unlinked(nested.models, parent, key))
}

/**
 * True if `skipDuplicates` becomes INSERT IGNORE, as on MySQL. It cuts off long texts and clamps numbers, so rows may contain other
 * values than the arguments.
 */
export function ignores({ fitted }: Nested, args: unknown): boolean {
  return fitted && argument(args, 'skipDuplicates') === true
}

function insertMany(nested: Nested, parent: NestedParent, given: unknown): void {
  const rows = listOf(argument(given, 'data'))
  if (rows.length > MOST_ROWS || ignores(nested, given))
    nested.changes.push(
      { table: parent.relation.table, effect: 'insert' },
      ...replaced(nested.models, parent),
    )
  else for (const row of rows) insert(nested, parent, row)
}

/** Inserts a row on the other side of a relation, and connects it to its parent. */
function insert(nested: Nested, parent: NestedParent, data: unknown): void {
  const { models } = nested
  const { relation, sets, row: parentRow } = parent
  const row = insertedBy(models, relation.target, data)
  const fromResult: Record<string, string> = {}
  if (relation.holder === 'own') for (const { source } of relation.pairs) sets[source] = UNKNOWN
  if (relation.holder === 'target')
    for (const { source, target } of relation.pairs) {
      row.sets[target] = certainValue(parentRow, source)
      if (parentRow.shown) fromResult[target] = source
    }
  nestedIn(nested, relation.target, row, madeRow(row, false))
  const change = { table: relation.table, effect: 'insert', sets: row.sets } as const
  nested.changes.push({ ...change, ...(Object.keys(fromResult).length && { fromResult }) })
  nested.changes.push(...replaced(models, parent), ...joined(parent, row.sets))
}

function update(nested: Nested, relation: Relation, data: unknown, key: Pins | undefined): void {
  const row = changedBy(nested.models, relation.target, data)
  nestedIn(nested, relation.target, row, foundRow(key, row, false))
  const { sets } = row
  nested.changes.push({ table: relation.table, effect: 'update', ...(key && { before: key }), sets })
}

/** Returns the data of `{ where, data }`, or of a to-one relation the data itself. A field named `data` makes it ambiguous. */
function dataOf(nested: Nested, relation: Relation, item: unknown): unknown {
  const wrapped = argument(item, 'data')
  if (wrapped === undefined) return item
  if (!relation.list && nested.models.fieldOf(relation.target, 'data')) nested.opaque = true
  return wrapped
}

function whereOf(item: unknown): unknown {
  return argument(item, 'data') === undefined ? undefined : argument(item, 'where')
}
