import type { Occurrence, Pins, ResultDependency } from '@larder/core/host'
import type { ScalarField } from '../schema/datamodel.ts'
import type { ModelMap, Relation } from '../schema/model.ts'
import { fieldsOf, listOf } from './argument.ts'

/** What a walk through the arguments of one operation has found so far. */
export interface Survey {
  readonly models: ModelMap
  readonly occurrences: Occurrence[]
  /** The first argument that this version of Larder does not understand. */
  opaque: string | undefined
  /** True if the operation loads relations. Each is a statement of its own unless the client joins. */
  relations: boolean
  /** A cursor, `distinct` or `_count` makes Prisma load relations separately though a join was asked for. */
  joinable: boolean
  /** Values in `in` lists and their like: past the driver's limit of parameters Prisma splits the statement. */
  listed: number
}

export function startSurvey(models: ModelMap): Survey {
  return { models, occurrences: [], opaque: undefined, relations: false, joinable: true, listed: 0 }
}

/** Notes the first argument that is not understood. */
export function note(survey: Survey, what: string): void {
  survey.opaque ??= what
}

/** Adds the other model of a relation, and its join table, to what the statement reads. */
export function visit(survey: Survey, relation: Relation, target: Bound = {}, join: Bound = {}): void {
  survey.occurrences.push(occurrenceOf(relation.table, target))
  for (const table of joinTablesOf(relation)) survey.occurrences.push(occurrenceOf(table, join))
}

/** What names the rows of an occurrence. */
export interface Bound {
  readonly pins?: Pins | undefined
  readonly resultDependency?: ResultDependency | undefined
}

function occurrenceOf(table: string, { pins, resultDependency }: Bound): Occurrence {
  return { table, ...(pins && { pins }), ...(resultDependency && { resultDependency }) }
}

/** The implicit join table of a relation. Without a datamodel there may be one: naming it costs nothing. */
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

/** Notes every table a `where` reads besides its own: relation filters at any depth, under AND, OR and NOT alike. */
export function surveyFilter(survey: Survey, model: string, where: unknown): void {
  const fields = fieldsOf(where)
  if (!fields) {
    note(survey, 'where')
    return
  }
  for (const [name, value] of fields) {
    if (name === 'AND' || name === 'OR' || name === 'NOT') {
      for (const one of listOf(value)) surveyFilter(survey, model, one)
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
  // Without a datamodel the names of compound keys are not known; their parts are.
  const known = parts ?? (survey.models.keyed ? undefined : fieldsOf(value)?.map(([part]) => part))
  if (!known?.length || !known.every((part) => survey.models.column(model, part) !== undefined)) {
    note(survey, `where.${name}`)
  }
}

function surveyScalar(survey: Survey, field: ScalarField, name: string, value: unknown): void {
  if (Array.isArray(value)) survey.listed += value.length
  // JSON is compared as it is: whatever it holds is a value.
  if (field.type === 'Json') return
  for (const [operator, operand] of fieldsOf(value) ?? []) {
    if (!OPERATORS.has(operator)) note(survey, `where.${name}.${operator}`)
    if (operator === 'not') surveyScalar(survey, field, name, operand)
    else if (Array.isArray(operand)) survey.listed += operand.length
  }
}
