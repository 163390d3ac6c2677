import type { ColumnValue, Pins } from '@larder/core/host'
import type { ColumnPair, Relation } from '../schema/model.ts'
import { argument, fieldsOf, listOf } from './argument.ts'
import { note, type Survey, surveyFilter, visit } from './filter.ts'
import { bothPins, pinsOf } from './pins.ts'
import { type RelationDependencies, relationDependenciesOf } from './result-dependencies.ts'
import { relatedShown, type ShownRows } from './shown.ts'

/** Arguments that read only columns of the rows found already. */
const PLAIN: ReadonlySet<string> = new Set(['take', 'skip', 'distinct', 'omit', 'relationLoadStrategy'])

/** The rows to which arguments apply: their pins, and where the result contains them. */
export interface Rows {
  readonly pins: Pins | undefined
  readonly shown: ShownRows
}

/** Unknown rows. */
export const ANY_ROWS: Rows = { pins: undefined, shown: () => undefined }

/** Adds every table that the arguments of a find read, at any depth. */
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

/** Adds the tables that `orderBy` reads: relations, and those that `_count` counts. */
export function surveyOrder(survey: Survey, model: string, order: unknown): void {
  for (const term of listOf(order)) {
    const fields = fieldsOf(term)
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

/** Terms that are no columns: aggregates in `groupBy`, the count of a relation, full-text relevance. */
const AGGREGATES: ReadonlySet<string> = new Set(['_count', '_sum', '_avg', '_min', '_max', '_relevance'])

/** Adds the row of a cursor as an occurrence of its own: its unique key finds it, whatever the other filters are. */
export function surveyCursor(survey: Survey, model: string, cursor: unknown): void {
  const pins = pinsOf(survey.models, model, cursor)
  survey.occurrences.push({ table: survey.models.table(model), ...(pins && { pins }) })
}

/** Adds the relations of a `select` or an `include`. */
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
    // A name that is neither a column nor a relation is a computed field. It uses columns of this row.
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
  const dependencies = relationDependenciesOf(survey.models, { model, rows: shown }, relation, args)
  const pins = related(survey, relation, argument(args, 'where'), parent, dependencies)
  surveyArguments(survey, relation.target, args, { pins, shown: relatedShown(shown, relation.field) })
}

function surveyCounts(survey: Survey, model: string, value: unknown, { pins: parent, shown }: Rows): void {
  survey.joinable = false
  const { models } = survey
  const dependencies = (relation: Relation): RelationDependencies =>
    relationDependenciesOf(models, { model, rows: shown }, relation, undefined)
  if (value === true) {
    for (const relation of models.relations(model)) {
      // Without a datamodel, any relation may be a list.
      if (relation.list || relation.holder === 'unknown')
        related(survey, relation, undefined, parent, dependencies(relation))
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
    related(survey, relation, where, parent, dependencies(relation))
    if (where !== undefined) surveyFilter(survey, relation.target, where)
  }
}

/**
 * Adds the related rows of the other model, and returns their pins: from their own filter and, if they hold the foreign key, from the
 * pins of the columns that it references. Of a many-to-many relation, only the join table is pinned.
 * @param dependencies their result dependencies.
 */
function related(
  survey: Survey,
  relation: Relation,
  where: unknown,
  parent: Pins | undefined,
  dependencies: RelationDependencies,
): Pins | undefined {
  const filtered = where === undefined ? undefined : pinsOf(survey.models, relation.target, where)
  const target = bothPins(filtered, carried(relation.pairs, parent))
  visit(
    survey,
    relation,
    { pins: target, resultDependency: dependencies.target },
    { pins: joinPins(relation, parent), resultDependency: dependencies.join },
  )
  return target
}

/** Returns the parent's pins on one side of a relation as pins on the other side. */
function carried(pairs: readonly ColumnPair[], parent: Pins | undefined): Pins | undefined {
  const pins: [string, readonly ColumnValue[]][] = []
  for (const { source, target } of pairs) {
    const values = parent && Object.hasOwn(parent, source) ? parent[source] : undefined
    if (values) pins.push([target, values])
  }
  return pins.length ? Object.fromEntries(pins) : undefined
}

function joinPins({ join }: Relation, parent: Pins | undefined): Pins | undefined {
  return join && carried([{ source: join.source.references, target: join.source.column }], parent)
}
