import { type Change, type ColumnValue, UNKNOWN } from '@larder/core'
import type { ModelMap, Relation } from '../model.ts'
import { argument, fieldsOf, listOf } from './argument.ts'
import { pinsOf } from './pins.ts'
import { changedBy, type Data, insertedBy, type Sets } from './sets.ts'
import { joinTablesOf } from './survey.ts'

/** What a walk through the nested writes of one operation has found so far. Their rows are never known. */
export interface Nested {
  readonly models: ModelMap
  readonly changes: Change[]
  /** Something is not understood: any table may be written. */
  opaque: boolean
}

/** More rows than this are one insert of unknown rows. */
export const MOST_ROWS = 100

/**
 * Notes every change that the nested writes of `data` make, to any depth. The foreign keys that the row itself holds
 * are put into `data.sets`: a connect by the referenced column tells the new value, everything else makes it unknown.
 */
export function nestedIn(nested: Nested, model: string, data: Data): void {
  if (data.opaque) nested.opaque = true
  for (const [relation, value] of data.relations) {
    const operations = fieldsOf(value)
    if (!operations) nested.opaque = true
    for (const [operation, argument] of operations ?? []) {
      if (argument !== false) one(nested, { model, relation, sets: data.sets }, operation, argument)
    }
  }
}

interface Place {
  readonly model: string
  readonly relation: Relation
  /** Of the row the relation is written from. */
  readonly sets: Sets
}

function one(nested: Nested, place: Place, operation: string, given: unknown): void {
  const { relation } = place
  const items = listOf(given)
  switch (operation) {
    case 'connect':
      link(nested, place, given)
      break
    case 'disconnect':
    case 'set':
      link(nested, place)
      break
    case 'create':
      for (const data of items) insert(nested, relation, data)
      born(nested, place)
      break
    case 'createMany':
      insertMany(nested, relation, argument(given, 'data'))
      born(nested, place)
      break
    case 'connectOrCreate':
      for (const item of items) insert(nested, relation, argument(item, 'create'))
      link(nested, place)
      break
    case 'update':
    case 'updateMany':
      for (const item of items) update(nested, relation, dataOf(nested, relation, item))
      break
    case 'upsert':
      for (const item of items) {
        insert(nested, relation, argument(item, 'create'))
        update(nested, relation, argument(item, 'update'))
      }
      link(nested, place)
      break
    case 'delete':
    case 'deleteMany':
      nested.changes.push({ table: relation.table, effect: 'delete' })
      link(nested, place)
      break
    default:
      nested.opaque = true
  }
}

/** Whichever side holds the reference is written; rows that lose it to another are touched as well. */
function link(nested: Nested, place: Place, connect?: unknown): void {
  const { model, relation, sets } = place
  const { models, changes } = nested
  if (relation.holder === 'own') {
    for (const { own, target } of relation.pairs) sets[own] = connected(models, relation, target, connect)
    // One to one: the row that pointed there before lets go.
    const taken = !models.relation(relation.target, relation.opposite)?.list
    if (taken) changes.push({ table: models.table(model), effect: 'update', sets: unknown(relation, 'own') })
  } else if (relation.holder === 'target') {
    changes.push({ table: relation.table, effect: 'update', sets: unknown(relation, 'target') })
  } else if (relation.holder === 'unknown') {
    changes.push(
      { table: models.table(model), effect: 'unknown' },
      { table: relation.table, effect: 'unknown' },
    )
  }
  for (const table of joinTablesOf(relation)) changes.push({ table, effect: 'unknown' })
}

/** A new row on the other side takes the place of another only where there may be but one. */
function born(nested: Nested, place: Place): void {
  const { relation, sets } = place
  if (relation.holder === 'own') for (const { own } of relation.pairs) sets[own] = UNKNOWN
  else if (relation.holder !== 'target' || !relation.list) link(nested, place)
}

/** What a connect gives the foreign key: the value by which it names the referenced column, if it does. */
function connected(models: ModelMap, relation: Relation, column: string, connect: unknown): ColumnValue {
  const pins = connect === undefined ? undefined : pinsOf(models, relation.target, connect)
  const values = pins && Object.hasOwn(pins, column) ? pins[column] : undefined
  return values?.length === 1 ? values[0] : UNKNOWN
}

function unknown(relation: Relation, side: 'own' | 'target'): Sets {
  return Object.fromEntries(relation.pairs.map((pair) => [pair[side], UNKNOWN]))
}

function insertMany(nested: Nested, relation: Relation, data: unknown): void {
  const rows = listOf(data)
  if (rows.length > MOST_ROWS) nested.changes.push({ table: relation.table, effect: 'insert' })
  else for (const row of rows) insert(nested, relation, row)
}

function insert(nested: Nested, relation: Relation, data: unknown): void {
  const row = insertedBy(nested.models, relation.target, data)
  if (relation.holder === 'target') Object.assign(row.sets, unknown(relation, 'target'))
  nestedIn(nested, relation.target, row)
  nested.changes.push({ table: relation.table, effect: 'insert', sets: row.sets })
}

function update(nested: Nested, relation: Relation, data: unknown): void {
  const row = changedBy(nested.models, relation.target, data)
  nestedIn(nested, relation.target, row)
  nested.changes.push({ table: relation.table, effect: 'update', sets: row.sets })
}

/** `{ where, data }`, or to one the data alone. Which of the two is not told where a field is named `data`. */
function dataOf(nested: Nested, relation: Relation, item: unknown): unknown {
  const wrapped = argument(item, 'data')
  if (wrapped === undefined) return item
  if (!relation.list && nested.models.fieldOf(relation.target, 'data')) nested.opaque = true
  return wrapped
}
