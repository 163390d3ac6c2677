import type { ColumnValue, Learn, ReturnedRow } from '@larder/core/host'
import { Column, is, SQL, Subquery, Table } from 'drizzle-orm'
import type { Node } from '../sql/tree.ts'
import { comparesByItself } from '../tables/column.ts'
import { constraintsOf } from '../tables/constraints.ts'
import type { SelectConfig } from '../versions/builder-config.ts'
import { columnsOf, nameInStatement } from '../versions/names.ts'
import type { Draft, Survey } from './survey.ts'

/**
 * Notes what the result of a select tells of the rows of joined tables. Two forms are understood; every join of either
 * is to a table by a key of it, so that at most one row of it belongs to a row of the result.
 * - The first table is bound to one row by a key of it, joins are inner or left: if that row is shown, so is all there is.
 * - Joins are left, and no condition, ordering or limit lets a joined row decide which rows are shown, nor which row of
 *   another table is joined that does: of rows that are not shown the result tells nothing.
 */
export function learnJoins(survey: Survey, config: SelectConfig): void {
  const root = survey.drafts[0]
  const fields = selected(config.fields)
  if (!config.joins?.length || !root || !is(config.table, Table) || !fields || !plain(config)) return
  const single = keysOf(survey, config.table).some((key) =>
    key.every((name) => root.pins[name]?.length === 1),
  )
  if (single) root.counted = 'once'
  const joins = joinsOf(survey, config) ?? []
  if (!single && !joins.every(({ left }) => left)) return
  const decisive = single ? NONE : deciding(survey, config, joins)
  for (const one of joins)
    if (!decisive.has(one.draft.name)) one.draft.learn = learnOf(survey, one, fields, single)
}

const NONE: ReadonlySet<string> = new Set()

interface Join {
  readonly draft: Draft
  readonly left: boolean
  readonly on: unknown
  /** Columns of a key of the table, each with the column of an earlier table that it equals. */
  readonly pairs: readonly { readonly column: string; readonly source: string; readonly other: string }[]
}

/** Undefined where one of the joins is of another form. */
function joinsOf(survey: Survey, { table, joins = [] }: SelectConfig): readonly Join[] | undefined {
  const before = new Set(is(table, Table) ? [nameInStatement(table)] : [])
  const found: Join[] = []
  for (const [at, join] of joins.entries()) {
    const draft = survey.drafts[at + 1]
    const name = is(join.table, Table) ? nameInStatement(join.table) : undefined
    if (!draft || draft.name !== name || before.has(name) || Reflect.get(join, 'lateral')) return undefined
    const links = draft.links.filter(({ source }) => before.has(source))
    const key = keysOf(survey, join.table as Table, comparesByItself).find((columns) =>
      columns.every((column) => links.some((link) => link.column === column)),
    )
    if (!key) return undefined
    const pairs = key.flatMap((column) => links.find((link) => link.column === column) ?? [])
    found.push({ draft, left: join.joinType === 'left', on: join.on, pairs })
    before.add(draft.name)
  }
  return found
}

/** Physical columns of the keys that name one row at most: those of `fit` columns. */
function keysOf(
  { names }: Survey,
  table: Table,
  fit: (column: Column) => boolean = () => true,
): readonly (readonly string[])[] {
  const { primary, uniques } = constraintsOf(table)
  const keys = [primary, ...uniques].filter((key) => key.length && key.every(fit))
  return keys.map((key) => key.map(names.column))
}

/**
 * A select of rows as they are: nothing is grouped, left out as equal to another, or put together from several selects,
 * and a row of the first table is in each.
 */
function plain(config: SelectConfig): boolean {
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

/** The columns of the result in their order, as Drizzle puts them; undefined where some are no plain columns. */
function selected(fields: Readonly<Record<string, unknown>>): readonly Column[] | undefined {
  const columns: Column[] = []
  for (const field of Object.values(fields)) {
    if (is(field, Column)) {
      columns.push(field)
      continue
    }
    if (is(field, SQL) || is(field, SQL.Aliased) || is(field, Subquery)) return undefined
    const inner = selected(is(field, Table) ? columnsOf(field) : (field as Readonly<Record<string, unknown>>))
    if (!inner) return undefined
    columns.push(...inner)
  }
  return columns
}

/** The joined sources but for those whose rows surely have no say in which rows the result shows. */
function deciding(survey: Survey, config: SelectConfig, joins: readonly Join[]): ReadonlySet<string> {
  const { where, limit, offset, orderBy } = config as SelectConfig & {
    readonly limit?: unknown
    readonly offset?: unknown
    readonly orderBy?: readonly unknown[]
  }
  const limited = limit !== undefined || offset !== undefined
  const conditions: unknown[] = [...(where === undefined ? [] : [where]), ...(limited ? (orderBy ?? []) : [])]
  const decisive = new Set<string>()
  // From the last: what a source is joined by decides with it.
  for (const { draft, on } of [...joins].reverse()) {
    if (!conditions.some((given) => mentionedIn(survey, given, draft.name))) continue
    decisive.add(draft.name)
    conditions.push(on)
  }
  return decisive
}

function mentionedIn(survey: Survey, given: unknown, name: string): boolean {
  if (is(given, Column)) return nameInStatement(given.table) === name
  const place = survey.places(given)
  return !place || mentions(place, name)
}

/** Words in SQL text that name no column. */
const WORDLESS =
  /\b(?:and|or|not|in|is|null|like|ilike|between|exists|true|false|asc|desc|nulls|first|last)\b/gi

function mentions({ piece, children }: Node, name: string): boolean {
  switch (piece.kind) {
    case 'text':
      // A number orders by the column of that place in the result.
      return /[\w"`[]/.test(piece.text.replace(WORDLESS, ' '))
    case 'column':
      return nameInStatement(piece.column.table) === name
    case 'name':
    case 'table':
    case 'view':
      return true
    default:
      return children.some((child) => mentions(child, name))
  }
}

type Values = readonly unknown[]

function learnOf(
  { names }: Survey,
  { draft, left, pairs }: Join,
  fields: readonly Column[],
  single: boolean,
): Learn | undefined {
  const placeOf = (source: string, column: string): number =>
    fields.findIndex((field) => nameInStatement(field.table) === source && names.column(field) === column)
  const places = pairs.map(({ column, source, other }) => ({
    column,
    shown: placeOf(draft.name, column),
    pointer: placeOf(source, other),
  }))
  // A left join that found nothing can be told by the key alone, an inner one that found something by what points to it.
  if (!places.every(({ shown, pointer }) => shown >= 0 || (!left && pointer >= 0))) return undefined
  const valueAt = (row: Values, { shown, pointer }: (typeof places)[number]): ColumnValue =>
    row[shown >= 0 ? shown : pointer]
  const rowOf = (row: Values): readonly ReturnedRow[] | undefined => {
    const found = Object.fromEntries(places.map((place) => [place.column, valueAt(row, place)]))
    if (!left || Object.values(found).every((value) => value !== null)) return [found]
    return places.some(({ pointer }) => pointer >= 0 && row[pointer] === null) ? [] : undefined
  }
  return {
    columns: places.map(({ column }) => column),
    found: true,
    values(result) {
      const rows = Array.isArray(result) ? (result as readonly Values[]) : []
      if (single && rows.length !== 1) return undefined
      const all = rows.map(rowOf)
      return all.every((one) => one !== undefined) ? all.flat() : undefined
    },
  }
}
