import { Column, is, Table } from 'drizzle-orm'
import type { SelectConfig, Source } from '../versions/builder-config.ts'
import { type Facts, factsOf, type Place } from './condition.ts'
import { addSource, type Draft, type Scope, type Survey, sourceNamed } from './survey.ts'

/** Adds the occurrences of one SELECT, pinned by its WHERE and its joins' ON. @returns the scope its SQL is in. */
export function surveySelect(survey: Survey, config: SelectConfig, around: Scope | undefined): Scope {
  const scope: Scope = { sources: new Map(), around }
  survey.selects += config.wrapped ? 2 : 1
  if (config.lockingClause) survey.locks = true
  const sources: (Draft | undefined)[] = [addSource(survey, scope, config.table)]
  for (const { table, joinType, on } of config.joins ?? []) {
    survey.joins++
    const before = [...sources]
    const joined = addSource(survey, scope, table)
    sources.push(joined)
    applyFacts(scope, factsOf(survey.places(on), survey.names.column), boundBy(joinType, before, joined))
  }
  applyFacts(scope, factsOf(survey.places(config.where), survey.names.column), sources)
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
  applyFacts(scope, factsOf(survey.places(filters), survey.names.column), [draft])
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
export function applyFacts(scope: Scope, facts: Facts, bound: readonly (Draft | undefined)[]): void {
  const draftOf = ({ source }: Place): Draft | undefined => {
    const found = scope.sources.get(source)
    return bound.includes(found) ? found : undefined
  }
  for (const { parameters, ...place } of facts.equalities) {
    const draft = draftOf(place)
    if (draft) draft.pins[place.column] ??= parameters
  }
  for (const [one, other] of facts.links) {
    draftOf(one)?.links.push({ column: one.column, source: other.source, other: other.column })
    draftOf(other)?.links.push({ column: other.column, source: one.source, other: one.column })
  }
}

/** Carries pins over `column = column`: rows that equal a pinned row are pinned by the same values. */
export function followLinks(survey: Survey): void {
  for (let changed = true; changed; ) {
    changed = false
    for (const draft of survey.drafts)
      for (const { column, source, other } of draft.links) {
        const found = sourceNamed(draft.scope, source)
        const pins = typeof found === 'object' ? found.pins[other] : undefined
        if (!pins || draft.pins[column]) continue
        draft.pins[column] = pins
        changed = true
      }
  }
}
