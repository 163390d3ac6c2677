import { Column, is, Table } from 'drizzle-orm'
import { nameInStatement } from '../versions/v0/names.ts'
import type { SelectConfig, Source } from './built.ts'
import { type Facts, factsOf } from './condition.ts'
import { addSource, type Draft, type Scope, type Survey, sourceNamed } from './survey.ts'

/** Adds the occurrences of one SELECT, pinned by its WHERE and its joins' ON. @returns the scope its SQL is in. */
export function surveySelect(survey: Survey, config: SelectConfig, around: Scope | undefined): Scope {
  const scope: Scope = { sources: new Map(), around }
  survey.selects++
  if (config.lockingClause) survey.locks = true
  const sources: (Draft | undefined)[] = [addSource(survey, scope, config.table)]
  for (const { table, joinType, on } of config.joins ?? []) {
    survey.joins++
    const before = [...sources]
    const joined = addSource(survey, scope, table)
    sources.push(joined)
    apply(survey, scope, factsOf(survey.places(on)), boundBy(joinType, before, joined))
  }
  apply(survey, scope, factsOf(survey.places(config.where)), sources)
  return scope
}

/** Adds the one occurrence of `select count(*) from source where filters`. */
export function surveyCount(
  survey: Survey,
  source: Source,
  filters: unknown,
  around: Scope | undefined,
): Scope {
  const scope: Scope = { sources: new Map(), around }
  survey.selects++
  const draft = addSource(survey, scope, source)
  apply(survey, scope, factsOf(survey.places(filters)), [draft])
  return scope
}

/** True if each row of the result is one row of the statement's only table. */
export function showsRows(config: SelectConfig, relational: boolean): boolean {
  if (!is(config.table, Table) || config.setOperators.length || config.groupBy?.length) return false
  if (relational) return true
  return !config.joins?.length && !config.fieldsFlat && onlyColumns(config.fields)
}

function onlyColumns(fields: Readonly<Record<string, unknown>>): boolean {
  return Object.values(fields).every((field) => is(field, Column))
}

/** Which occurrences the ON of a join speaks for: never the side whose rows all come through. */
function boundBy(
  joinType: string,
  before: readonly (Draft | undefined)[],
  joined: Draft | undefined,
): readonly (Draft | undefined)[] {
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

/** Pins those of `bound` that the facts name; facts about anything else say nothing here. */
function apply(survey: Survey, scope: Scope, facts: Facts, bound: readonly (Draft | undefined)[]): void {
  const draftOf = (column: Column): Draft | undefined => {
    const found = scope.sources.get(nameInStatement(column.table))
    return bound.includes(found) ? found : undefined
  }
  for (const { column, parameters } of facts.equalities) {
    const draft = draftOf(column)
    if (draft) draft.pins[survey.names.column(column)] ??= parameters
  }
  for (const { column, other } of facts.links) {
    draftOf(column)?.links.push({ column: survey.names.column(column), other })
    draftOf(other)?.links.push({ column: survey.names.column(other), other: column })
  }
}

/** Carries pins over `column = column`: rows that equal a pinned row are pinned by the same values. */
export function followLinks(survey: Survey): void {
  for (let changed = true; changed; ) {
    changed = false
    for (const draft of survey.drafts)
      for (const { column, other } of draft.links) {
        const source = sourceNamed(draft.scope, nameInStatement(other.table))
        const pins = typeof source === 'object' ? source.pins[survey.names.column(other)] : undefined
        if (!pins || draft.pins[column]) continue
        draft.pins[column] = pins
        changed = true
      }
  }
}
