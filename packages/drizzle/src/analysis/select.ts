import { Column, is, Table } from 'drizzle-orm'
import type { SelectConfig, Source } from '../versions/builder-config.ts'
import { type Facts, factsOf, type SourceColumn } from './condition.ts'
import {
  addSource,
  createScope,
  type OccurrenceDraft,
  type Scope,
  type Survey,
  sourceNamed,
} from './survey.ts'

/** Adds the occurrences of one SELECT, pinned by its WHERE and the ON of its joins. Returns the scope of its SQL. */
export function surveySelect(survey: Survey, config: SelectConfig, enclosing: Scope | undefined): Scope {
  const scope = createScope(enclosing)
  survey.selects += config.wrapped ? 2 : 1
  if (config.lockingClause) survey.locks = true
  const sources: (OccurrenceDraft | undefined)[] = [addSource(survey, scope, config.table)]
  for (const { table, joinType, on } of config.joins ?? []) {
    survey.joins++
    const before = [...sources]
    const joined = addSource(survey, scope, table)
    sources.push(joined)
    applyFacts(
      scope,
      factsOf(survey.nodeOf(on), survey.names.columnName),
      boundSources(joinType, before, joined),
    )
  }
  applyFacts(scope, factsOf(survey.nodeOf(config.where), survey.names.columnName), sources)
  return scope
}

/** Adds the occurrence of `select count(*) from source where filters`. */
export function surveyCount(
  survey: Survey,
  source: Source,
  filters: unknown,
  enclosing: Scope | undefined,
): Scope {
  const scope = createScope(enclosing)
  survey.selects++
  const draft = addSource(survey, scope, source)
  applyFacts(scope, factsOf(survey.nodeOf(filters), survey.names.columnName), [draft])
  return scope
}

/** True if each row of the result is one row of the statement's only table. */
export function returnsTableRows(config: SelectConfig, relational: boolean): boolean {
  if (!is(config.table, Table) || config.setOperators.length || config.groupBy?.length) return false
  if (relational) return true
  return !config.joins?.length && !config.fieldsFlat && hasOnlyColumns(config.fields)
}

function hasOnlyColumns(fields: Readonly<Record<string, unknown>>): boolean {
  return Object.values(fields).every((field) => is(field, Column))
}

/** The sources that the ON of a join restricts. Never the side whose rows are all kept. */
function boundSources(
  joinType: string,
  before: readonly (OccurrenceDraft | undefined)[],
  joined: OccurrenceDraft | undefined,
): readonly (OccurrenceDraft | undefined)[] {
  switch (joinType) {
    case 'inner':
      return [...before, joined]
    case 'left':
      return [joined]
    case 'right':
      return before
    default:
      return []
  }
}

/** Pins the `bound` occurrences that the facts are about. Facts about other sources prove nothing here. */
export function applyFacts(
  scope: Scope,
  facts: Facts,
  bound: readonly (OccurrenceDraft | undefined)[],
): void {
  const draftOf = ({ source }: SourceColumn): OccurrenceDraft | undefined => {
    const draft = scope.sources.get(source)
    return bound.includes(draft) ? draft : undefined
  }
  for (const { parameters, ...column } of facts.equalities) {
    const draft = draftOf(column)
    if (draft) draft.pins[column.column] ??= parameters
  }
  for (const [left, right] of facts.links) {
    draftOf(left)?.links.push({ column: left.column, source: right.source, otherColumn: right.column })
    draftOf(right)?.links.push({ column: right.column, source: left.source, otherColumn: left.column })
  }
}

/** Propagates pins over `column = column`: a row that equals a pinned row is pinned by the same values. */
export function propagatePins(survey: Survey): void {
  for (let changed = true; changed; ) {
    changed = false
    for (const draft of survey.drafts)
      for (const { column, source, otherColumn } of draft.links) {
        const other = sourceNamed(draft.scope, source)
        const pins = typeof other === 'object' ? other.pins[otherColumn] : undefined
        if (!pins || draft.pins[column]) continue
        draft.pins[column] = pins
        changed = true
      }
  }
}
