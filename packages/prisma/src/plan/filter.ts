import type { ScalarField } from '../schema/datamodel.ts'
import type { Relation } from '../schema/model.ts'
import { fieldsOf, listOf } from './argument.ts'
import { note, type Survey, visit } from './survey.ts'

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
