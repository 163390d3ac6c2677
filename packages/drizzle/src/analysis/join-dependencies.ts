import type { ColumnValue, ResultDependency, ReturnedRow } from '@larder/core/host'
import { Column, is, SQL, Subquery, Table } from 'drizzle-orm'
import type { SqlNode } from '../sql/tree.ts'
import { comparesByOwnRules } from '../tables/column.ts'
import { constraintsOf } from '../tables/constraints.ts'
import type { SelectConfig } from '../versions/builder-config.ts'
import { columnsOf, nameInStatement } from '../versions/names.ts'
import type { OccurrenceDraft, Survey } from './survey.ts'

/**
 * Finds which rows of joined tables the result of a select reveals. Every join must be by a key of the joined table, so
 * that each row of the result contains at most one of its rows. Two forms are supported:
 * - A key of the first table selects one row, and all joins are inner or left. If the result contains that row, it
 *   contains all joined rows.
 * - All joins are left, and no condition, order or limit lets a joined row decide which rows are in the result, or which
 *   row of such a table is joined. Rows that are not in the result do not matter.
 */
export function findJoinDependencies(survey: Survey, config: SelectConfig): void {
  const root = survey.drafts[0]
  const fields = selectedColumns(config.fields)
  if (!config.joins?.length || !root || !is(config.table, Table) || !fields || !isPlain(config)) return
  const single = keysOf(survey, config.table).some((key) =>
    key.every((name) => root.pins[name]?.length === 1),
  )
  if (single) root.counted = 'once'
  const joins = joinsOf(survey, config) ?? []
  if (!single && !joins.every(({ left }) => left)) return
  const deciding = single ? NO_SOURCES : decidingSources(survey, config, joins)
  for (const join of joins)
    if (!deciding.has(join.draft.name)) join.draft.resultDependency = joinedRows(survey, join, fields, single)
}

const NO_SOURCES: ReadonlySet<string> = new Set()

interface Join {
  readonly draft: OccurrenceDraft
  readonly left: boolean
  readonly on: unknown
  /** The columns of a key of the joined table, each with the column of an earlier source that it equals. */
  readonly links: readonly {
    readonly column: string
    readonly source: string
    readonly otherColumn: string
  }[]
}

/** Undefined if a join has another form. */
function joinsOf(survey: Survey, { table, joins = [] }: SelectConfig): readonly Join[] | undefined {
  const earlier = new Set(is(table, Table) ? [nameInStatement(table)] : [])
  const result: Join[] = []
  for (const [at, join] of joins.entries()) {
    const draft = survey.drafts[at + 1]
    const name = is(join.table, Table) ? nameInStatement(join.table) : undefined
    if (!draft || draft.name !== name || earlier.has(name) || Reflect.get(join, 'lateral')) return undefined
    const links = draft.links.filter(({ source }) => earlier.has(source))
    const key = keysOf(survey, join.table as Table, comparesByOwnRules).find((columns) =>
      columns.every((column) => links.some((link) => link.column === column)),
    )
    if (!key) return undefined
    const keyLinks = key.flatMap((column) => links.find((link) => link.column === column) ?? [])
    result.push({ draft, left: join.joinType === 'left', on: join.on, links: keyLinks })
    earlier.add(draft.name)
  }
  return result
}

/** The physical columns of the keys that identify at most one row. Skips keys with a column that is not `suitable`. */
function keysOf(
  { names }: Survey,
  table: Table,
  suitable: (column: Column) => boolean = () => true,
): readonly (readonly string[])[] {
  const { primary, uniques } = constraintsOf(table)
  const keys = [primary, ...uniques].filter((key) => key.length && key.every(suitable))
  return keys.map((key) => key.map(names.columnName))
}

/** True if the select returns rows as they are: not grouped, made distinct or combined, each with a row of the first table. */
function isPlain(config: SelectConfig): boolean {
  const { having, distinct, withList } = config as SelectConfig & {
    readonly having?: unknown
    readonly distinct?: unknown
    readonly withList?: readonly unknown[]
  }
  return (
    config.joins?.every(({ joinType }) => joinType === 'left' || joinType === 'inner') === true &&
    !config.setOperators.length &&
    !config.groupBy?.length &&
    !config.fieldsFlat &&
    having === undefined &&
    !distinct &&
    !withList?.length
  )
}

/** The columns of the result in Drizzle's order. Undefined if one is not a plain column. */
function selectedColumns(fields: Readonly<Record<string, unknown>>): readonly Column[] | undefined {
  const columns: Column[] = []
  for (const field of Object.values(fields)) {
    if (is(field, Column)) {
      columns.push(field)
      continue
    }
    if (is(field, SQL) || is(field, SQL.Aliased) || is(field, Subquery)) return undefined
    const nested = selectedColumns(
      is(field, Table) ? columnsOf(field) : (field as Readonly<Record<string, unknown>>),
    )
    if (!nested) return undefined
    columns.push(...nested)
  }
  return columns
}

/** The joined sources that may decide which rows are in the result. */
function decidingSources(survey: Survey, config: SelectConfig, joins: readonly Join[]): ReadonlySet<string> {
  const { where, limit, offset, orderBy } = config as SelectConfig & {
    readonly limit?: unknown
    readonly offset?: unknown
    readonly orderBy?: readonly unknown[]
  }
  const limited = limit !== undefined || offset !== undefined
  const conditions: unknown[] = [...(where === undefined ? [] : [where]), ...(limited ? (orderBy ?? []) : [])]
  const deciding = new Set<string>()
  // Backwards, because the condition that joins a deciding source decides as well.
  for (const { draft, on } of [...joins].reverse()) {
    if (!conditions.some((condition) => mayMention(survey, condition, draft.name))) continue
    deciding.add(draft.name)
    conditions.push(on)
  }
  return deciding
}

function mayMention(survey: Survey, condition: unknown, name: string): boolean {
  if (is(condition, Column)) return nameInStatement(condition.table) === name
  const node = survey.nodeOf(condition)
  return !node || nodeMentions(node, name)
}

/** Words in SQL text that do not name a column. */
const KEYWORDS =
  /\b(?:and|or|not|in|is|null|like|ilike|between|exists|true|false|asc|desc|nulls|first|last)\b/gi

function nodeMentions({ piece, children }: SqlNode, name: string): boolean {
  switch (piece.kind) {
    case 'text':
      // Also a number, which orders by the column at that position in the result.
      return /[\w"`[]/.test(piece.text.replace(KEYWORDS, ' '))
    case 'column':
      return nameInStatement(piece.column.table) === name
    case 'name':
    case 'table':
    case 'view':
      return true
    default:
      return children.some((child) => nodeMentions(child, name))
  }
}

type Values = readonly unknown[]

function joinedRows(
  { names }: Survey,
  { draft, left, links }: Join,
  fields: readonly Column[],
  single: boolean,
): ResultDependency | undefined {
  const indexOf = (source: string, column: string): number =>
    fields.findIndex((field) => nameInStatement(field.table) === source && names.columnName(field) === column)
  const positions = links.map(({ column, source, otherColumn }) => ({
    column,
    // Where the key column is in the result, and where the column that references it is.
    key: indexOf(draft.name, column),
    reference: indexOf(source, otherColumn),
  }))
  // Only the key itself shows that a left join matched nothing. For an inner join, the reference is enough.
  if (!positions.every(({ key, reference }) => key >= 0 || (!left && reference >= 0))) return undefined
  const valueAt = (row: Values, { key, reference }: (typeof positions)[number]): ColumnValue =>
    row[key >= 0 ? key : reference]
  const rowOf = (row: Values): readonly ReturnedRow[] | undefined => {
    const joined = Object.fromEntries(positions.map((position) => [position.column, valueAt(row, position)]))
    if (!left || Object.values(joined).every((value) => value !== null)) return [joined]
    return positions.some(({ reference }) => reference >= 0 && row[reference] === null) ? [] : undefined
  }
  return {
    columns: positions.map(({ column }) => column),
    found: true,
    values(result) {
      const rows = Array.isArray(result) ? (result as readonly Values[]) : []
      if (single && rows.length !== 1) return undefined
      const joined = rows.map(rowOf)
      return joined.every((row) => row !== undefined) ? joined.flat() : undefined
    },
  }
}
