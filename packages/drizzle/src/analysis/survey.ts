import type { Learn } from '@larder/core/host'
import { type Column, is, SQL, Subquery, Table, View } from 'drizzle-orm'
import type { Node } from '../sql/tree.ts'
import type { BuiltSql, Source } from '../versions/builder-config.ts'
import { nameInStatement, physicalName, viewConfig } from '../versions/names.ts'
import type { ChangePlan } from './statement.ts'

/** A physical column that equals one of another source, named as in the statement. */
export interface Link {
  readonly column: string
  readonly source: string
  readonly other: string
}

/** An occurrence as it is being put together. */
export interface Draft {
  readonly table: string
  /** Its name in the statement. */
  readonly name: string
  readonly pins: Record<string, readonly number[]>
  /** Columns equal to a column of another source, here or in a statement around this one. */
  readonly links: Link[]
  readonly scope: Scope
  counted: 'each' | 'once' | undefined
  learn: Learn | undefined
}

/** The names one SELECT (or UPDATE, DELETE) gives to its sources. */
export interface Scope {
  /** Undefined: a derived table or CTE, whose SQL is a scope of its own. */
  readonly sources: Map<string, Draft | undefined>
  readonly around: Scope | undefined
}

/** What the host knows of names. */
export interface TableNames {
  /** Key in the schema for a physical name; undefined for a table the schema does not have. */
  model(table: string): string | undefined
  /** Physical name of a column, with the db's casing. */
  column(column: Column): string
  /** True for a view that nobody has declared the sources of. */
  blind(view: string): boolean
}

/** All that one walk through a statement finds. */
export interface Survey {
  readonly names: TableNames
  readonly built: BuiltSql
  readonly places: (given: unknown) => Node | undefined
  readonly drafts: Draft[]
  readonly changes: ChangePlan[]
  /** How many of the changes, the first ones, are the outermost statement's own. */
  own: number
  /** SELECTs and JOINs that builders account for: any more in the text were put there as raw SQL. */
  selects: number
  joins: number
  /** Statements that write, likewise. */
  writes: number
  locks: boolean
  opaque: string | undefined
  /** Of a relational query whose tables have no names of their own. */
  related: RelatedDrafts | undefined
}

/** The occurrences of one SELECT of a relational query, and those of its relations by what the statement calls them. */
export interface RelatedDrafts {
  /** The table of the rows first. */
  readonly drafts: readonly Draft[]
  related(name: string): RelatedDrafts | undefined
}

/** Adds a source to `scope`: an occurrence, a name for a derived table, or something that cannot be seen through. */
export function addSource(survey: Survey, scope: Scope, source: Source): Draft | undefined {
  if (is(source, Table)) return addTable(survey, scope, physicalName(source), nameInStatement(source))
  if (is(source, View)) {
    const { name, originalName } = viewConfig(source)
    if (survey.names.blind(originalName)) survey.opaque ??= `the view ${originalName}`
    return addTable(survey, scope, originalName, name)
  }
  if (is(source, Subquery)) scope.sources.set(source._.alias, undefined)
  else survey.opaque ??= 'a source that is raw SQL'
  return undefined
}

/** An occurrence of a table under a name. One that the schema does not have makes the read opaque. */
export function addTable(survey: Survey, scope: Scope, table: string, name: string): Draft {
  if (survey.names.model(table) === undefined) survey.opaque ??= `the table ${table}, not in the schema`
  const draft: Draft = { table, name, pins: {}, links: [], scope, counted: undefined, learn: undefined }
  // Two tables of one name in two database schemas: which of them a column belongs to cannot be told by its name.
  scope.sources.set(name, scope.sources.has(name) ? undefined : draft)
  survey.drafts.push(draft)
  return draft
}

/** The source a name means, looked for from the inside out; `'none'` where no builder put one there. */
export function sourceNamed(scope: Scope | undefined, name: string): Draft | undefined | 'none' {
  for (let at = scope; at; at = at.around) if (at.sources.has(name)) return at.sources.get(name)
  return 'none'
}

/** The first table of a source: what a read is about. Followed through derived tables and CTEs. */
export function rootTable(built: BuiltSql, source: Source, depth = 0): string | undefined {
  if (is(source, Table)) return physicalName(source)
  if (is(source, View)) return viewConfig(source).originalName
  if (!is(source, Subquery) || depth > 50) return undefined
  const { sql } = source._
  const inner = is(sql, SQL) ? built.of(sql) : undefined
  const config = inner?.kind === 'relational' ? inner.inner : inner
  return config?.kind === 'select' ? rootTable(built, config.config.table, depth + 1) : undefined
}
