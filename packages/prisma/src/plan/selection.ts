import type { ColumnValue, Pins } from '@larder/core/host'
import type { ColumnPair, Relation } from '../schema/model.ts'
import { argument, fieldsOf, listOf } from './argument.ts'
import { note, type Survey, surveyFilter, visit } from './filter.ts'
import { bothPins, pinsOf } from './pins.ts'
import { type Learning, learnOf } from './result-dependencies.ts'
import { relatedShown, type ShownRows } from './shown.ts'

/** Arguments that read nothing but columns of the rows already found. */
const PLAIN: ReadonlySet<string> = new Set(['take', 'skip', 'distinct', 'omit', 'relationLoadStrategy'])

/** The rows that arguments apply to: what binds them, and where the result shows them. */
export interface Rows {
  readonly pins: Pins | undefined
  readonly shown: ShownRows
}

/** Rows of which nothing is known. */
export const ANY_ROWS: Rows = { pins: undefined, shown: () => undefined }

/** Notes every table that the arguments of a find read, at any depth. */
export function surveyArguments(survey: Survey, model: string, args: unknown, rows: Rows): void {
  const fields = fieldsOf(args)
  if (!fields) {
    note(survey, 'arguments')
    return
  }
  for (const [name, value] of fields) {
    if (name === 'cursor' || name === 'distinct') survey.joinable = false
    if (name === 'where') surveyFilter(survey, model, value)
    else if (name === 'orderBy') surveyOrder(survey, model, value)
    else if (name === 'cursor') surveyCursor(survey, model, value)
    else if (name === 'select' || name === 'include') surveySelection(survey, model, value, rows)
    else if (!PLAIN.has(name)) note(survey, name)
  }
}

/** Notes the tables that `orderBy` reads: relations, and what `_count` of them counts. */
export function surveyOrder(survey: Survey, model: string, order: unknown): void {
  for (const one of listOf(order)) {
    const fields = fieldsOf(one)
    if (!fields) {
      note(survey, 'orderBy')
      return
    }
    for (const [name, value] of fields) {
      const relation = survey.models.relation(model, name)
      if (relation) {
        visit(survey, relation)
        surveyOrder(survey, relation.target, value)
      } else if (!AGGREGATES.has(name) && survey.models.column(model, name) === undefined) {
        note(survey, `orderBy.${name}`)
      }
    }
  }
}

/** Of the model's own rows: aggregates in `groupBy`, the count of a relation, full-text relevance. */
const AGGREGATES: ReadonlySet<string> = new Set(['_count', '_sum', '_avg', '_min', '_max', '_relevance'])

/** The cursor's row is found by its unique key alone, whatever the other filters say: an occurrence of its own. */
export function surveyCursor(survey: Survey, model: string, cursor: unknown): void {
  const pins = pinsOf(survey.models, model, cursor)
  survey.occurrences.push({ table: survey.models.table(model), ...(pins && { pins }) })
}

/** Notes the relations of a `select` or an `include`. */
function surveySelection(survey: Survey, model: string, selection: unknown, rows: Rows): void {
  const fields = fieldsOf(selection)
  if (!fields) {
    note(survey, 'select')
    return
  }
  for (const [name, value] of fields) {
    if (value === false) continue
    const relation = survey.models.relation(model, name)
    if (relation) surveyInclude(survey, model, relation, value, rows)
    else if (name === '_count') surveyCounts(survey, model, value, rows)
    // A name that is no column is a computed field, made of this row's columns: every relation is known by name.
    else if (value !== true && survey.models.column(model, name) === undefined) note(survey, `select.${name}`)
  }
}

function surveyInclude(
  survey: Survey,
  model: string,
  relation: Relation,
  value: unknown,
  { pins: parent, shown }: Rows,
): void {
  survey.relations = true
  const args = value === true ? {} : value
  const learning = learnOf(survey.models, { model, rows: shown }, relation, args)
  const pins = related(survey, relation, argument(args, 'where'), parent, learning)
  surveyArguments(survey, relation.target, args, { pins, shown: relatedShown(shown, relation.field) })
}

function surveyCounts(survey: Survey, model: string, value: unknown, { pins: parent, shown }: Rows): void {
  survey.joinable = false
  const { models } = survey
  const learning = (relation: Relation): Learning =>
    learnOf(models, { model, rows: shown }, relation, undefined)
  if (value === true) {
    for (const relation of models.relations(model)) {
      // Without a datamodel no relation is known to be a list, and any may be.
      if (relation.list || relation.holder === 'unknown')
        related(survey, relation, undefined, parent, learning(relation))
    }
    return
  }
  const counted = fieldsOf(argument(value, 'select'))
  if (!counted) {
    note(survey, '_count')
    return
  }
  for (const [name, filter] of counted) {
    if (filter === false) continue
    const relation = models.relation(model, name)
    if (!relation) {
      note(survey, `_count.${name}`)
      continue
    }
    const where = argument(filter, 'where')
    related(survey, relation, where, parent, learning(relation))
    if (where !== undefined) surveyFilter(survey, relation.target, where)
  }
}

/**
 * Notes the rows of the other model that belong to the parent's, and returns what binds them: their own filter, and
 * where they hold the foreign key the values that bind the columns it references. Of a join table the rows are bound,
 * of the table behind it they are not. `learning`: what the result will tell of them.
 */
function related(
  survey: Survey,
  relation: Relation,
  where: unknown,
  parent: Pins | undefined,
  learning: Learning,
): Pins | undefined {
  const filtered = where === undefined ? undefined : pinsOf(survey.models, relation.target, where)
  const target = bothPins(filtered, carried(relation.pairs, parent))
  visit(
    survey,
    relation,
    { pins: target, resultDependency: learning.target },
    { pins: joinPins(relation, parent), resultDependency: learning.join },
  )
  return target
}

/** The parent's pins on one side of a relation, as pins on the other side. */
function carried(pairs: readonly ColumnPair[], parent: Pins | undefined): Pins | undefined {
  const pins: [string, readonly ColumnValue[]][] = []
  for (const { own, target } of pairs) {
    const values = parent && Object.hasOwn(parent, own) ? parent[own] : undefined
    if (values) pins.push([target, values])
  }
  return pins.length ? Object.fromEntries(pins) : undefined
}

function joinPins({ join }: Relation, parent: Pins | undefined): Pins | undefined {
  return join && carried([{ own: join.own.references, target: join.own.column }], parent)
}
