import { type Occurrence, type Pins, UNKNOWN } from '@larder/core/host'
import type { ModelMap } from '../schema/model.ts'
import { argument, fieldsOf, literalOf } from './argument.ts'
import { note, type Survey, startSurvey, surveyFilter } from './filter.ts'
import { type ReadShape, SHAPES } from './operations.ts'
import { pinsOf } from './pins.ts'
import { surveyArguments, surveyCursor, surveyOrder } from './selection.ts'
import { manyShown, oneShown, type ShownRows, wrappedShown } from './shown.ts'

/** The dependencies of a read. */
export interface PlannedRead {
  readonly occurrences: readonly Occurrence[]
  readonly severalStatements: boolean
  /** An argument that is not known: the read must not be cached. */
  readonly opaque?: string
}

/** Below the limit of parameters of any driver (D1 allows 100). Above a driver's limit, Prisma splits the statement. */
const MOST_IN_ONE_STATEMENT = 80

/**
 * Derives the dependencies of a read from its arguments: one occurrence for each use of a table in Prisma's SQL.
 * @param dataPath as in the hook. If it is not empty (the fluent API), the result is a relation of the row and not the row itself,
 * so it does not show how many rows were found.
 */
export function planRead(
  operation: string,
  model: string,
  args: unknown,
  models: ModelMap,
  dataPath: readonly unknown[] = [],
): PlannedRead {
  const shape = SHAPES.get(operation)
  if (!shape || !models.has(model))
    return { occurrences: [], severalStatements: true, opaque: shape ? model : operation }
  const survey = startSurvey(models)
  const pins = pinsOf(models, model, argument(args, 'where'))
  survey.occurrences.push(root(models.table(model), pins, dataPath.length ? undefined : rowsOf(shape)))
  if (args !== undefined && shape === 'aggregate') surveyAggregate(survey, model, args)
  else if (args !== undefined) surveyArguments(survey, model, args, { pins, shown: shownOf(shape, dataPath) })
  const joined = survey.joinable && argument(args, 'relationLoadStrategy') === 'join'
  return {
    occurrences: survey.occurrences,
    severalStatements: (survey.relations && !joined) || survey.listed > MOST_IN_ONE_STATEMENT,
    ...(survey.opaque !== undefined && { opaque: survey.opaque }),
  }
}

function root(table: string, pins: Pins | undefined, rows: Occurrence['rows']): Occurrence {
  return { table, ...(pins && { pins }), ...(rows && { rows }) }
}

function rowsOf(shape: ReadShape): Occurrence['rows'] {
  if (shape === 'one') return (result) => (result === null || result === undefined ? 0 : 1)
  return shape === 'many' ? (result) => (Array.isArray(result) ? result.length : undefined) : undefined
}

function shownOf(shape: ReadShape, dataPath: readonly unknown[]): ShownRows {
  if (dataPath.length) return wrappedShown(dataPath)
  return shape === 'one' ? oneShown : manyShown
}

/** Arguments that name only columns of the model's own rows. */
const OWN_COLUMNS: ReadonlySet<string> = new Set([
  'take',
  'skip',
  'distinct',
  'select',
  'by',
  'having',
  '_count',
  '_sum',
  '_avg',
  '_min',
  '_max',
])

function surveyAggregate(survey: Survey, model: string, args: unknown): void {
  const fields = fieldsOf(args)
  if (!fields) {
    note(survey, 'arguments')
    return
  }
  for (const [name, value] of fields) {
    if (name === 'where') surveyFilter(survey, model, value)
    else if (name === 'orderBy') surveyOrder(survey, model, value)
    else if (name === 'cursor') surveyCursor(survey, model, value)
    else if (!OWN_COLUMNS.has(name)) note(survey, name)
  }
}

/** A plain read of one row by a unique key: no selection, no other filter. */
export interface RowQuery {
  /** The same for every form of the key's value: `5`, `5n`. */
  readonly query: unknown
  readonly pins: Pins
}

/** Reads that differ only in what they do if there is no row. */
const ROW_READS: ReadonlySet<string> = new Set(['findUnique', 'findUniqueOrThrow'])

/** Name of these reads in entry keys. */
export const ROW_READ = 'row'

/** Returns the operation as a read of one row by a unique key. Undefined: it is another operation. */
export function rowReadOf(
  models: ModelMap,
  model: string,
  operation: string,
  args: unknown,
  dataPath: readonly unknown[],
): RowQuery | undefined {
  if (!models.keyed || !ROW_READS.has(operation) || dataPath.length) return undefined
  const only = onlyField(args)
  const key = only?.[0] === 'where' ? onlyField(only[1]) : undefined
  if (!key) return undefined
  const [name, value] = key
  const fields = models.unique(model, name)
  const single = models.column(model, name) !== undefined
  return fields && rowQuery(models, model, fields, (field) => (single ? value : argument(value, field)))
}

function onlyField(value: unknown): readonly [name: string, value: unknown] | undefined {
  const fields = fieldsOf(value)
  return fields?.length === 1 ? fields[0] : undefined
}

/** Returns a read of the row for each unique key of which it has a value. */
export function rowReadsOf(
  models: ModelMap,
  model: string,
  row: Readonly<Record<string, unknown>>,
): readonly RowQuery[] {
  const keys = models.model(model).uniques.map(({ fields }) => fields)
  return keys.flatMap((fields) => rowQuery(models, model, fields, (field) => row[field]) ?? [])
}

/** Undefined if a value is NULL or of a type that does not pin. */
function rowQuery(
  models: ModelMap,
  model: string,
  fields: readonly string[],
  valueOfField: (field: string) => unknown,
): RowQuery | undefined {
  const values: [string, string | boolean][] = []
  const pins: [string, readonly unknown[]][] = []
  for (const name of fields) {
    const field = models.fieldOf(model, name)
    if (!field || field.kind === 'relation') return undefined
    const value = valueOfField(name)
    const literal = value === undefined ? UNKNOWN : literalOf(models, field, value)
    if (literal === UNKNOWN || literal === null) return undefined
    values.push([name, typeof literal === 'boolean' ? literal : String(literal)])
    pins.push([field.column, [literal]])
  }
  return { query: Object.fromEntries(values), pins: Object.fromEntries(pins) }
}
