import type { Change, Pins, ReturnedRow } from '@larder/core/host'
import type { ModelMap } from '../schema/model.ts'
import { argument, fieldsOf, listOf } from './argument.ts'
import { startSurvey, surveyFilter } from './filter.ts'
import type { NestedChange } from './link.ts'
import { ignores, MOST_ROWS, mayNest, type Nested, nestedIn } from './nested.ts'
import { pinsOf, pinsOn } from './pins.ts'
import { rowOf, rowsOf } from './returned.ts'
import { foundRow, identified, madeRow } from './row.ts'
import { ANY_ROWS, surveyArguments } from './selection.ts'
import { changedBy, type Data, insertedBy } from './sets.ts'

/** What a write changes by its own statements. The engine derives the referential actions. */
export interface PlannedWrite {
  readonly changes: readonly Change[]
  /** Returns all rows that `changes[index]` changed. Undefined: the result does not contain all of them. */
  readonly returned?: (result: unknown, index: number) => readonly ReturnedRow[] | undefined
}

/** What planning a write needs besides the arguments. */
export interface WriteContext {
  /** `dataPath` of the hook. If it is not empty (the fluent API), the result is not the written row. */
  readonly dataPath?: readonly unknown[]
  /** Provider of the datasource. If it is unknown, Larder assumes that a separate statement reads a deleted row. */
  readonly provider?: string
  /**
   * `relationMode` of the datasource, by default `'foreignKeys'`. With `'prisma'` the client performs the actions itself, by primary
   * keys that it has read before. No filter is then certain of the changed rows, in this table or in dependent ones.
   */
  readonly relationMode?: 'foreignKeys' | 'prisma'
}

/** Derives the changes of a write from its arguments. A write with an unknown argument changes every table. */
export function planWrite(
  operation: string,
  model: string,
  args: unknown,
  models: ModelMap,
  context: WriteContext = {},
): PlannedWrite {
  const write: Write = {
    operation,
    model,
    args: args ?? {},
    models,
    nested: {
      models,
      certain: context.relationMode !== 'prisma',
      fitted: context.provider === 'mysql',
      changes: [],
      opaque: false,
    },
    context,
  }
  const changesOfModel = models.has(model) && understood(write.args) ? ownChanges(write) : undefined
  if (!changesOfModel || write.nested.opaque) return { changes: everything(models) }
  const nested = gathered(write.nested.changes)
  const returned = context.dataPath?.length ? undefined : returnedBy(write, changesOfModel.length, nested)
  return { changes: [...changesOfModel, ...nested], ...(returned && { returned }) }
}

interface Write {
  readonly operation: string
  readonly model: string
  readonly args: unknown
  readonly models: ModelMap
  readonly nested: Nested
  readonly context: WriteContext
}

const ARGUMENTS: ReadonlySet<string> = new Set([
  'where',
  'data',
  'create',
  'update',
  'select',
  'include',
  'omit',
  'limit',
  'skipDuplicates',
  'relationLoadStrategy',
])

function understood(args: unknown): boolean {
  return fieldsOf(args)?.every(([name]) => ARGUMENTS.has(name)) ?? false
}

/** Returns the changes of the model's own table, which come first in the plan. */
function ownChanges(write: Write): readonly Change[] | undefined {
  const { operation, args, models, model } = write
  const table = models.table(model)
  switch (operation) {
    case 'create':
      return [inserted(write, argument(args, 'data'))]
    case 'createMany':
    case 'createManyAndReturn': {
      const rows = listOf(argument(args, 'data'))
      return rows.length > MOST_ROWS || ignores(write.nested, args)
        ? [{ table, effect: 'insert' }]
        : rows.map((row) => inserted(write, row))
    }
    case 'update':
    case 'updateMany':
    case 'updateManyAndReturn':
      return [updated(write, 'update', argument(args, 'data'))]
    case 'upsert':
      return [updated(write, 'upsert', argument(args, 'update')), inserted(write, argument(args, 'create'))]
    case 'delete':
    case 'deleteMany':
      return [{ table, effect: 'delete', ...before(write, false) }]
    default:
      return undefined
  }
}

function inserted({ models, model, nested }: Write, data: unknown): Change {
  const row = insertedBy(models, model, data)
  if (mayNest(row)) nestedIn(nested, model, row, madeRow(row, true))
  return { table: models.table(model), effect: 'insert', sets: row.sets }
}

/** An upsert consists of this change and an insert: `update` changes the row that it finds, else `create` inserts one. */
function updated(write: Write, effect: 'update' | 'upsert', data: unknown): Change {
  const { models, model, nested } = write
  const row: Data = changedBy(models, model, data)
  if (mayNest(row)) {
    const where = argument(write.args, 'where')
    const key = nested.certain && where !== undefined ? identified(models, model, where) : undefined
    nestedIn(nested, model, row, foundRow(key, row, true))
  }
  const pins = before(write, row.relations.length > 0)
  return { table: models.table(model), effect, ...pins, sets: row.sets }
}

/**
 * Returns what all changed rows equalled before. Prisma may find rows by one statement and write them by another that names only
 * their primary key (nested writes, `limit`, relation filters). Another transaction may change them in between, so only the primary
 * key is certain then.
 */
function before(write: Write, twoSteps: boolean): { before?: Pins } {
  const { models, model, args, operation, context } = write
  const where = argument(args, 'where')
  if (where === undefined || context.relationMode === 'prisma') return {}
  const survey = startSurvey(models)
  surveyFilter(survey, model, where)
  const identified = twoSteps || argument(args, 'limit') !== undefined || survey.occurrences.length > 0
  const pins =
    operation === 'upsert'
      ? pinsOn(pinsOf(models, model, where), target(write, where))
      : pinsOf(models, model, where)
  const certain =
    identified || survey.opaque !== undefined
      ? pinsOn(pins, columns(write, models.model(model).primary))
      : pins
  return certain ? { before: certain } : {}
}

/** Returns the conflict target of an upsert: the columns of the unique keys in its `where`. */
function target(write: Write, where: unknown): readonly string[] {
  const names = fieldsOf(where)?.map(([name]) => name) ?? []
  return names.flatMap((name) => columns(write, write.models.unique(write.model, name) ?? []))
}

function columns({ models, model }: Write, fields: readonly string[]): readonly string[] {
  return fields.map((field) => models.column(model, field)).filter((column) => column !== undefined)
}

/** @param own number of changes of the model's own rows. The `nested` ones come after them. */
function returnedBy(write: Write, own: number, nested: readonly NestedChange[]): PlannedWrite['returned'] {
  const { models, model, operation, args } = write
  const singleRow = (result: unknown): readonly ReturnedRow[] | undefined => {
    const row = rowOf(models, model, result)
    return row && [row]
  }
  switch (operation) {
    case 'create':
    case 'update':
    case 'upsert':
      return (result, index) =>
        index < own ? singleRow(result) : inherited(nested[index - own]?.fromResult, singleRow(result)?.[0])
    case 'delete':
      return returnsDeleted(write)
        ? (result, index) => (index === 0 ? singleRow(result) : undefined)
        : undefined
    case 'updateManyAndReturn':
      return (result, index) => (index === 0 ? rowsOf(models, model, result) : undefined)
    case 'createManyAndReturn':
      return (result, index) => created(models, model, result, index, listOf(argument(args, 'data')).length)
    default:
      return undefined
  }
}

/** Returns the columns of a nested row that equal columns of the returned row. */
function inherited(
  columns: NestedChange['fromResult'],
  shown: ReturnedRow | undefined,
): readonly ReturnedRow[] | undefined {
  if (!columns || !shown) return undefined
  const columnsShown = Object.entries(columns).filter(([, from]) => Object.hasOwn(shown, from))
  return [Object.fromEntries(columnsShown.map(([column, from]) => [column, shown[from]]))]
}

/** Returns the row for each inserted one, in their order. If some were skipped, all returned rows stand for each of them. */
function created(
  models: ModelMap,
  model: string,
  result: unknown,
  index: number,
  count: number,
): readonly ReturnedRow[] | undefined {
  const rows = rowsOf(models, model, result)
  const row = rows?.length === count ? rows[index] : undefined
  if (count > MOST_ROWS) return index === 0 ? rows : undefined
  if (index >= count) return undefined
  return row ? [row] : rows
}

const DELETE_RETURNING: ReadonlySet<string> = new Set(['postgresql', 'postgres', 'cockroachdb', 'sqlite'])

/**
 * True if the DELETE itself returns the deleted row. With relations, or on a database without RETURNING, Prisma reads the row first,
 * and another transaction may change it before it is deleted.
 */
function returnsDeleted({ models, model, args, context }: Write): boolean {
  if (!DELETE_RETURNING.has(context.provider ?? '')) return false
  const survey = startSurvey(models)
  const selected = fieldsOf(args)?.filter(([name]) => name === 'select' || name === 'include')
  surveyArguments(survey, model, Object.fromEntries(selected ?? []), ANY_ROWS)
  return !survey.occurrences.length && survey.opaque === undefined
}

/** Replaces many nested changes by one change of unknown rows for each table. */
function gathered(changes: readonly NestedChange[]): readonly NestedChange[] {
  if (changes.length <= MOST_ROWS) return changes
  const effects = new Map(changes.map(({ table, effect }) => [`${effect} ${table}`, { table, effect }]))
  return [...effects.values()]
}

function everything(models: ModelMap): readonly Change[] {
  const tables = new Set<string>()
  for (const model of models.names) {
    tables.add(models.table(model))
    for (const relation of models.relations(model)) for (const table of relation.tables) tables.add(table)
  }
  return [...tables].map((table) => ({ table, effect: 'unknown' }))
}
