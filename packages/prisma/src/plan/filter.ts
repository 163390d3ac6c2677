import type { Occurrence, Pins, ResultDependency } from '@larder/core/host'
import type { ScalarField } from '../schema/datamodel.ts'
import type { ModelMap, Relation } from '../schema/model.ts'
import { fieldsOf, listOf } from './argument.ts'

/** What was found so far in the arguments of one operation. */
export interface Survey {
  readonly models: ModelMap
  readonly occurrences: Occurrence[]
  /** The first argument that this version of Larder does not know. */
  opaque: string | undefined
  /** True if the operation loads relations. Each is a separate statement, unless the client joins them. */
  relations: boolean
  /** False if a cursor, `distinct` or `_count` makes Prisma load relations separately even if a join was requested. */
  joinable: boolean
  /** Number of values in lists such as `in`. Above the driver's limit of parameters, Prisma splits the statement. */
  listed: number
}

export function startSurvey(models: ModelMap): Survey {
  return { models, occurrences: [], opaque: undefined, relations: false, joinable: true, listed: 0 }
}

/** Records an argument that is not known. The first one counts. */
export function note(survey: Survey, what: string): void {
  survey.opaque ??= what
}

/** Adds the other model of a relation, and its join table, to the tables that the statement reads. */
export function visit(
  survey: Survey,
  relation: Relation,
  target: RowBinding = {},
  join: RowBinding = {},
): void {
  survey.occurrences.push(occurrenceOf(relation.table, target))
  for (const table of joinTablesOf(relation)) survey.occurrences.push(occurrenceOf(table, join))
}

/** What ties an occurrence to rows. */
export interface RowBinding {
  readonly pins?: Pins | undefined
  readonly resultDependency?: ResultDependency | undefined
}

function occurrenceOf(table: string, { pins, resultDependency }: RowBinding): Occurrence {
  return { table, ...(pins && { pins }), ...(resultDependency && { resultDependency }) }
}

/** Returns the implicit join table of a relation. Without a datamodel it may not exist, which does no harm. */
export function joinTablesOf(relation: Relation): readonly string[] {
  return relation.tables.slice(1)
}

const OPERATORS: ReadonlySet<string> = new Set([
  'equals',
  'not',
  'in',
  'notIn',
  'lt',
  'lte',
  'gt',
  'gte',
  'contains',
  'startsWith',
  'endsWith',
  'search',
  'mode',
  'has',
  'hasEvery',
  'hasSome',
  'isEmpty',
])

/** Adds every other table that a `where` reads: relation filters at any depth, also under AND, OR and NOT. */
export function surveyFilter(survey: Survey, model: string, where: unknown): void {
  const fields = fieldsOf(where)
  if (!fields) {
    note(survey, 'where')
    return
  }
  for (const [name, value] of fields) {
    if (name === 'AND' || name === 'OR' || name === 'NOT') {
      for (const filter of listOf(value)) surveyFilter(survey, model, filter)
      continue
    }
    const relation = survey.models.relation(model, name)
    if (relation) surveyRelation(survey, relation, value)
    else surveyField(survey, model, name, value)
  }
}

function surveyRelation(survey: Survey, relation: Relation, value: unknown): void {
  visit(survey, relation)
  if (value === null) return
  const filters = fieldsOf(value)
  if (!filters) {
    note(survey, `where.${relation.field}`)
    return
  }
  const quantifiers = quantifiersOf(relation)
  // A to-one filter may be the other model's own filter, without `is`.
  if (!relation.list && !filters.some(([name]) => quantifiers.includes(name))) {
    surveyFilter(survey, relation.target, value)
    return
  }
  for (const [name, filter] of filters) {
    if (!quantifiers.includes(name)) note(survey, `where.${relation.field}.${name}`)
    else if (filter !== null) surveyFilter(survey, relation.target, filter)
  }
}

function quantifiersOf(relation: Relation): readonly string[] {
  if (relation.holder === 'unknown') return ['some', 'every', 'none', 'is', 'isNot']
  return relation.list ? ['some', 'every', 'none'] : ['is', 'isNot']
}

function surveyField(survey: Survey, model: string, name: string, value: unknown): void {
  const field = survey.models.fieldOf(model, name)
  if (field && field.kind !== 'relation') {
    surveyScalar(survey, field, name, value)
    return
  }
  const parts = survey.models.unique(model, name)
  // Without a datamodel, the parts of a compound key are known and its name is not.
  const partNames = parts ?? (survey.models.keyed ? undefined : fieldsOf(value)?.map(([part]) => part))
  if (!partNames?.length || !partNames.every((part) => survey.models.column(model, part) !== undefined)) {
    note(survey, `where.${name}`)
  }
}

function surveyScalar(survey: Survey, field: ScalarField, name: string, value: unknown): void {
  if (Array.isArray(value)) survey.listed += value.length
  if (field.type === 'Json') {
    // The name of an entry does not depend on the order of keys.
    if (survey.models.jsonAsText && fieldsOf(value)?.some(([, operand]) => hasKeyOrder(operand)))
      note(survey, `where.${name} with an object of several keys`)
    return
  }
  for (const [operator, operand] of fieldsOf(value) ?? []) {
    if (!OPERATORS.has(operator)) note(survey, `where.${name}.${operator}`)
    if (operator === 'not') surveyScalar(survey, field, name, operand)
    else if (Array.isArray(operand)) survey.listed += operand.length
  }
}

/** True if some object in a JSON value has several keys. */
function hasKeyOrder(json: unknown): boolean {
  if (typeof json !== 'object' || json === null) return false
  const values = Object.values(json)
  return (values.length > 1 && !Array.isArray(json)) || values.some(hasKeyOrder)
}
