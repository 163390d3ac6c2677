import type { ColumnType, Schema, SqlDialect } from '@larder/core/host'
import { and, type Column, eq, is, Param, Placeholder, type SQL, Table } from 'drizzle-orm'
import { type Statement, textKey } from '../analysis/statement.ts'
import { type Entities, entityName } from '../tables/entities.ts'
import { columnsOf } from '../versions/names.ts'
import type { DbParts } from '../versions/parts.ts'
import type { KeyCondition, Version } from '../versions/version.ts'

/** A table whose written rows are cached, in the form in which plain reads return it. */
export interface RowTable {
  /** Bare physical name. */
  readonly name: string
  /** The columns of `select()`, in its order. */
  readonly columns: readonly Column[]
  readonly keys: readonly RowKey[]
}

/** The plain read of a row by one of its unique keys. */
export interface RowKey {
  /** Stands for the text of the select in entry keys. */
  readonly select: string
  readonly columns: readonly KeyColumn[]
}

interface KeyColumn {
  /** Physical. */
  readonly name: string
  readonly type: ColumnType
  /** Index in the row. */
  readonly index: number
}

/** The plain read that a statement is, with indices among its parameters. */
export interface RowReadParameters {
  readonly key: RowKey
  /** Of the key's values, in the order of its columns. */
  readonly values: readonly number[]
  readonly limits: readonly number[]
}

/** The reads that a written row answers. */
export interface RowReads {
  /** Undefined for a table without `write: 'through'`. */
  tableOf(model: string | undefined): RowTable | undefined
  /** Undefined for a statement that is not a plain read of one row. */
  parametersOf(statement: Statement): RowReadParameters | undefined
}

export interface RowReadsDeps {
  /** A db over the user's session. The statements built with it are never sent. */
  readonly db: DbParts
  readonly version: Version
  readonly dialect: SqlDialect
  readonly entities: Entities
  readonly schema: Schema
  columnName(column: Column): string
  /** True for a table with the policy `write: 'through'`. */
  isWrittenThrough(model: string): boolean
}

/**
 * Recognises plain reads of one row by their text, which Drizzle is asked to build once per table. The text is all that
 * the database sees, so a statement with the same text is the same read. Texts are built when a table is first used.
 */
export function createRowReads(deps: RowReadsDeps): RowReads {
  const tables = new Map<string, TableReads | undefined>()
  const readsOf = (model: string | undefined): TableReads | undefined => {
    // Without RETURNING no row is ever written through.
    if (model === undefined || deps.dialect === 'mysql') return undefined
    if (!tables.has(model))
      tables.set(model, deps.isWrittenThrough(model) ? tableReads(deps, model) : undefined)
    return tables.get(model)
  }
  return {
    tableOf: (model) => readsOf(model)?.table,
    parametersOf: ({ model, text }) => readsOf(model)?.byText.get(text),
  }
}

interface TableReads {
  readonly table: RowTable
  readonly byText: ReadonlyMap<string, RowReadParameters>
}

/** The part of Drizzle's query builders that is needed to build texts. */
interface Query {
  toSQL(): { readonly sql: string; readonly params: readonly unknown[] }
}
interface Select extends Query {
  where(condition: SQL | undefined): Select
  limit(rows: number): Select
}
interface Builders {
  select(): { from(table: Table): Select }
  readonly query?: Readonly<Record<string, RelationalBuilder | undefined>>
}
interface RelationalBuilder {
  findFirst(config: object): Query
  findMany(config: object): Query
}

function tableReads(deps: RowReadsDeps, model: string): TableReads | undefined {
  const table = deps.entities.get(model)
  if (!is(table, Table)) return undefined
  const byName = new Map(
    Object.entries(columnsOf(table)).map(([field, column]) => [deps.columnName(column), { field, column }]),
  )
  const coreTable = deps.schema.tables.get(entityName(table).toLowerCase())
  const types = new Map(coreTable?.columns.map((column) => [column.name, column.type]))
  const names = [...byName.keys()]
  const byText = new Map<string, RowReadParameters>()
  const keys: RowKey[] = []
  for (const { kind, columns } of coreTable?.keys ?? []) {
    if (kind !== 'primary' && kind !== 'unique') continue
    const conditions = columns.flatMap((name, at): readonly KeyCondition[] => {
      const entry = byName.get(name)
      return entry ? [[entry.field, entry.column, new Placeholder(`${at}`)]] : []
    })
    if (conditions.length < columns.length) continue
    const key: RowKey = {
      select: textKey(selectWhere(deps, table, conditions).toSQL().sql),
      columns: columns.map((name) => ({
        name,
        type: types.get(name) ?? 'other',
        index: names.indexOf(name),
      })),
    }
    keys.push(key)
    for (const query of queriesFor(deps, model, table, conditions)) {
      const { sql, params } = query.toSQL()
      const parameters = parametersIn(key, params)
      if (parameters && !byText.has(sql)) byText.set(sql, parameters)
    }
  }
  const columns = [...byName.values()].map(({ column }) => column)
  return { table: { name: entityName(table), columns, keys }, byText }
}

const buildersOf = (db: DbParts): Builders => db as unknown as Builders

function selectWhere({ db }: RowReadsDeps, table: Table, conditions: readonly KeyCondition[]): Select {
  return buildersOf(db)
    .select()
    .from(table)
    .where(and(...conditions.map(([, column, value]) => eq(column, value))))
}

/** The ways to write the read: its key columns in any order, with or without a limit, as a select or a relational query. */
function queriesFor(
  deps: RowReadsDeps,
  model: string,
  table: Table,
  conditions: readonly KeyCondition[],
): readonly Query[] {
  return permutations(conditions).flatMap((order) => {
    const select = () => selectWhere(deps, table, order)
    return [select(), select().limit(1), ...relationalQueries(deps, model, table, order)]
  })
}

/** Those relational queries that select the same columns as the select. */
function relationalQueries(
  { db, version }: RowReadsDeps,
  model: string,
  table: Table,
  conditions: readonly KeyCondition[],
): readonly Query[] {
  const builders = buildersOf(db)
  const builder = builders.query?.[model]
  if (!builder) return []
  const config = { where: version.relationalWhere(conditions) }
  const head = `${builders.select().from(table).toSQL().sql} `
  const queries = [builder.findFirst(config), builder.findMany(config)]
  return queries.filter((query) => withoutAliases(query.toSQL().sql).startsWith(head))
}

/** 1.0 writes `select "d0"."id" as "id" … from "t" as "d0"`. */
function withoutAliases(text: string): string {
  return text.replaceAll('"d0".', '').replace(/ as "(?:[^"]|"")*"/g, '')
}

/** Keys with more columns are recognised in their declared order only. */
const MAX_PERMUTED = 3

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length < 2 || items.length > MAX_PERMUTED) return [items]
  return items.flatMap((first, at) =>
    permutations(items.filter((_, index) => index !== at)).map((rest) => [first, ...rest]),
  )
}

/** A parameter that is not a value of the key is a limit. */
function parametersIn(key: RowKey, params: readonly unknown[]): RowReadParameters | undefined {
  const names = params.map((param) => {
    const value = is(param, Param) ? param.value : param
    return is(value, Placeholder) ? value.name : undefined
  })
  const values = key.columns.map((_, at) => names.indexOf(`${at}`))
  const limits = [...params.keys()].filter((at) => names[at] === undefined)
  if (values.includes(-1) || !limits.every((at) => params[at] === 1)) return undefined
  return { key, values, limits }
}
