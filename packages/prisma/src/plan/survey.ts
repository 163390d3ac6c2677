import type { Learn, Occurrence, Pins } from '@larder/core/host'
import type { ModelMap, Relation } from '../schema/model.ts'

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
  readonly learn?: Learn | undefined
}

function occurrenceOf(table: string, { pins, learn }: Bound): Occurrence {
  return { table, ...(pins && { pins }), ...(learn && { learn }) }
}

/** The implicit join table of a relation. Without a datamodel there may be one: naming it costs nothing. */
export function joinTablesOf(relation: Relation): readonly string[] {
  return relation.tables.slice(1)
}
