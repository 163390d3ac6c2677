import type { ResultDependency } from '@larder/core/host'
import { type Column, is, SQL, Subquery, Table, View } from 'drizzle-orm'
import type { SqlNode } from '../sql/tree.ts'
import type { Source } from '../versions/builder-config.ts'
import { nameInStatement, physicalName, viewConfig } from '../versions/names.ts'
import type { SqlConfigs } from './sql-configs.ts'
import type { ChangePlan } from './statement.ts'

/** `column` of an occurrence equals `otherColumn` of the source that the statement calls `source`. */
export interface ColumnLink {
  readonly column: string
  readonly source: string
  readonly otherColumn: string
}

/** An occurrence of a table while the statement is being analysed. */
export interface OccurrenceDraft {
  readonly table: string
  /** Its name in the statement. */
  readonly name: string
  readonly pins: Record<string, readonly number[]>
  /** Columns that equal a column of another source, in the same or in an enclosing statement. */
  readonly links: ColumnLink[]
  readonly scope: Scope
  counted: 'each' | 'once' | undefined
  resultDependency: ResultDependency | undefined
}

/** The names that one SELECT, UPDATE or DELETE gives to its sources. */
export interface Scope {
  /** Undefined: a derived table or CTE, whose SQL has a scope of its own. */
  readonly sources: Map<string, OccurrenceDraft | undefined>
  readonly enclosing: Scope | undefined
}

/** Names of the schema. */
export interface TableNames {
  /** Key in the schema for a physical name. Undefined for a table that the schema does not have. */
  modelOf(table: string): string | undefined
  /** Physical name of a column, with the db's casing. */
  columnName(column: Column): string
  /** True for a view whose sources nobody has declared. */
  isUndeclaredView(view: string): boolean
}

/** What one walk through a statement finds. */
export interface Survey {
  readonly names: TableNames
  readonly configs: SqlConfigs
  readonly nodeOf: (chunk: unknown) => SqlNode | undefined
  readonly drafts: OccurrenceDraft[]
  readonly changes: ChangePlan[]
  /** How many of `changes`, from the first, belong to the outermost statement. */
  ownChanges: number
  /** How many SELECTs and JOINs the builders produced. Any more in the text are raw SQL. */
  selects: number
  joins: number
  /** How many writing statements the builders produced. */
  writes: number
  locks: boolean
  opaque: string | undefined
  /** The occurrences of a relational query whose tables have no names of their own. */
  related: RelatedDrafts | undefined
}

/** The occurrences of one SELECT of a relational query. */
export interface RelatedDrafts {
  /** The first is the table that the rows come from. */
  readonly drafts: readonly OccurrenceDraft[]
  /** Those of a relation, by the name that the statement gives to it. */
  related(name: string): RelatedDrafts | undefined
}

/** An empty scope inside `enclosing`. */
export function createScope(enclosing: Scope | undefined): Scope {
  return { sources: new Map(), enclosing }
}

/** Adds a source to `scope`. A derived table adds only its name. A source that is raw SQL makes the read opaque. */
export function addSource(survey: Survey, scope: Scope, source: Source): OccurrenceDraft | undefined {
  if (is(source, Table)) return addTable(survey, scope, physicalName(source), nameInStatement(source))
  if (is(source, View)) {
    const { name, originalName } = viewConfig(source)
    if (survey.names.isUndeclaredView(originalName)) survey.opaque ??= `the view ${originalName}`
    return addTable(survey, scope, originalName, name)
  }
  if (is(source, Subquery)) scope.sources.set(source._.alias, undefined)
  else survey.opaque ??= 'a source that is raw SQL'
  return undefined
}

/** Adds an occurrence of a table under a name. A table that the schema does not have makes the read opaque. */
export function addTable(survey: Survey, scope: Scope, table: string, name: string): OccurrenceDraft {
  if (survey.names.modelOf(table) === undefined) survey.opaque ??= `the table ${table}, not in the schema`
  const draft: OccurrenceDraft = {
    table,
    name,
    pins: {},
    links: [],
    scope,
    counted: undefined,
    resultDependency: undefined,
  }
  // With two tables of one name, in two database schemas, the owner of a column is unknown.
  scope.sources.set(name, scope.sources.has(name) ? undefined : draft)
  survey.drafts.push(draft)
  return draft
}

/** The source that a name refers to, from the innermost scope outwards. `'none'`: no builder added one. */
export function sourceNamed(scope: Scope | undefined, name: string): OccurrenceDraft | undefined | 'none' {
  for (let current = scope; current; current = current.enclosing)
    if (current.sources.has(name)) return current.sources.get(name)
  return 'none'
}

/** The main table of a source, also through derived tables and CTEs. */
export function rootTable(configs: SqlConfigs, source: Source, depth = 0): string | undefined {
  if (is(source, Table)) return physicalName(source)
  if (is(source, View)) return viewConfig(source).originalName
  if (!is(source, Subquery) || depth > 50) return undefined
  const { sql } = source._
  const subquery = is(sql, SQL) ? configs.get(sql) : undefined
  const select = subquery?.kind === 'relational' ? subquery.inner : subquery
  return select?.kind === 'select' ? rootTable(configs, select.config.table, depth + 1) : undefined
}
