import type { Change, Pins, ReturnedRow } from '@larder/core/host'
import type { ModelMap } from '../schema/model.ts'
import { argument, fieldsOf, listOf } from './argument.ts'
import { startSurvey, surveyFilter } from './filter.ts'
import type { NestedChange } from './link.ts'
import { ignores, MOST_ROWS, type Nested, nestedIn } from './nested.ts'
import { pinsOf, pinsOn } from './pins.ts'
import { rowOf, rowsOf } from './returned.ts'
import { foundRow, identified, madeRow } from './row.ts'
import { ANY_ROWS, surveyArguments } from './selection.ts'
import { changedBy, type Data, insertedBy } from './sets.ts'

/** What a write changes by its own statements; referential actions are the engine's to derive. */
export interface PlannedWrite {
  readonly changes: readonly Change[]
  /** The rows that `changes[index]` touched, as the result shows them; undefined when it does not show them all. */
  readonly returned?: (result: unknown, index: number) => readonly ReturnedRow[] | undefined
}

/** What the glue knows besides the arguments. */
export interface WriteContext {
  /** The hook's `dataPath`: where it is not empty (the fluent API) the result is not the row written. */
  readonly dataPath?: readonly unknown[]
  /** Provider of the datasource. Where it is not told, a deleted row is taken to be read by a statement of its own. */
  readonly provider?: string
  /**
   * Of the datasource; `foreignKeys` if absent. Under `'prisma'` the client carries out the actions itself, by
   * primary keys it read before: no filter is then certain of the rows touched, here or in the tables that follow.
   */
  readonly relationMode?: 'foreignKeys' | 'prisma'
}

/** Derives what a write changes from its arguments alone. What is not understood changes every table there is. */
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
  const own = models.has(model) && understood(write.args) ? ownChanges(write) : undefined
  if (!own || write.nested.opaque) return { changes: everything(models) }
  const nested = gathered(write.nested.changes)
  const returned = context.dataPath?.length ? undefined : returnedBy(write, own.length, nested)
  return { changes: [...own, ...nested], ...(returned && { returned }) }
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

/** Changes of the model's own table: the first of the plan, one per kind of row. */
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
  nestedIn(nested, model, row, madeRow(row, true))
  return { table: models.table(model), effect: 'insert', sets: row.sets }
}

/** An upsert is this and an insert: the row it finds is changed by `update`, the row it does not find is `create`. */
function updated(write: Write, effect: 'update' | 'upsert', data: unknown): Change {
  const { models, model, nested } = write
  const row: Data = changedBy(models, model, data)
  const where = argument(write.args, 'where')
  const key = nested.certain && where !== undefined ? identified(models, model, where) : undefined
  nestedIn(nested, model, row, foundRow(key, row, true))
  const pins = before(write, row.relations.length > 0)
  return { table: models.table(model), effect, ...pins, sets: row.sets }
}

/**
 * What every touched row equalled before. Prisma may find the rows by one statement and write them by another that
 * names their primary key alone (nested writes, `limit`, relation filters): between the two, another transaction may
 * have changed what `where` asked for, so then only the primary key is certain.
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

/** Columns of the unique keys that an upsert's `where` names: its conflict target. */
function target(write: Write, where: unknown): readonly string[] {
  const names = fieldsOf(where)?.map(([name]) => name) ?? []
  return names.flatMap((name) => columns(write, write.models.unique(write.model, name) ?? []))
}

function columns({ models, model }: Write, fields: readonly string[]): readonly string[] {
  return fields.map((field) => models.column(model, field)).filter((column) => column !== undefined)
}

/** `own` changes are of the model's own rows; those after them are `nested`. */
function returnedBy(write: Write, own: number, nested: readonly NestedChange[]): PlannedWrite['returned'] {
  const { models, model, operation, args } = write
  const one = (result: unknown): readonly ReturnedRow[] | undefined => {
    const row = rowOf(models, model, result)
    return row && [row]
  }
  switch (operation) {
    case 'create':
    case 'update':
    case 'upsert':
      return (result, index) =>
        index < own ? one(result) : inherited(nested[index - own]?.fromResult, one(result)?.[0])
    case 'delete':
      return returnsDeleted(write) ? (result, index) => (index === 0 ? one(result) : undefined) : undefined
    case 'updateManyAndReturn':
      return (result, index) => (index === 0 ? rowsOf(models, model, result) : undefined)
    case 'createManyAndReturn':
      return (result, index) => created(models, model, result, index, listOf(argument(args, 'data')).length)
    default:
      return undefined
  }
}

/** What a nested row has of the row that the result shows. */
function inherited(
  columns: NestedChange['fromResult'],
  shown: ReturnedRow | undefined,
): readonly ReturnedRow[] | undefined {
  if (!columns || !shown) return undefined
  const found = Object.entries(columns).filter(([, from]) => Object.hasOwn(shown, from))
  return [Object.fromEntries(found.map(([column, from]) => [column, shown[from]]))]
}

/** One row per row given, in their order; where some were skipped, all rows stand for each. */
function created(
  models: ModelMap,
  model: string,
  result: unknown,
  index: number,
  given: number,
): readonly ReturnedRow[] | undefined {
  const rows = rowsOf(models, model, result)
  const row = rows?.length === given ? rows[index] : undefined
  if (given > MOST_ROWS) return index === 0 ? rows : undefined
  if (index >= given) return undefined
  return row ? [row] : rows
}

const DELETE_RETURNING: ReadonlySet<string> = new Set(['postgresql', 'postgres', 'cockroachdb', 'sqlite'])

/**
 * A deleted row shows what it was only if the DELETE itself returned it. With relations, or on a database that cannot,
 * Prisma reads it first: another transaction may change it before it goes.
 */
function returnsDeleted({ models, model, args, context }: Write): boolean {
  if (!DELETE_RETURNING.has(context.provider ?? '')) return false
  const survey = startSurvey(models)
  const selected = fieldsOf(args)?.filter(([name]) => name === 'select' || name === 'include')
  surveyArguments(survey, model, Object.fromEntries(selected ?? []), ANY_ROWS)
  return !survey.occurrences.length && survey.opaque === undefined
}

/** Many nested changes are one of unknown rows per table. */
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
