import type { ColumnType, Schema, SqlDialect } from '@larder/core/host'
import { and, type Column, eq, is, Param, Placeholder, type SQL, Table } from 'drizzle-orm'
import { keyOf, type Statement } from '../analysis/statement.ts'
import { type Entities, nameOf } from '../tables/schema.ts'
import { columnsOf } from '../versions/names.ts'
import type { DbParts } from '../versions/parts.ts'
import type { Equal, Version } from '../versions/version.ts'

/** A table whose rows are written through, as plain reads show it. */
export interface RowTable {
  /** Bare physical name. */
  readonly name: string
  /** Of `select()`, in its order. */
  readonly columns: readonly Column[]
  readonly keys: readonly RowKey[]
}

/** The plain read of a row by one of its unique keys. */
export interface RowKey {
  /** Stands for the text of the select in the keys of entries. */
  readonly select: string
  readonly columns: readonly KeyColumn[]
}

interface KeyColumn {
  /** Physical. */
  readonly name: string
  readonly type: ColumnType
  /** Index in the row. */
  readonly at: number
}

/** A statement that is such a read: indices among its parameters. */
export interface RowPlaces {
  readonly key: RowKey
  /** Of the key's values, in the order of its columns. */
  readonly values: readonly number[]
  /** Of limits. */
  readonly limits: readonly number[]
}

/** The reads that a written row answers. */
export interface RowReads {
  /** Undefined for a table whose rows are not written through. */
  tableOf(model: string | undefined): RowTable | undefined
  placesOf(statement: Statement): RowPlaces | undefined
}

/** What the reads are told by. */
export interface RowReadsRoom {
  /** Over the user's session: nothing that it builds here is sent. */
  readonly db: DbParts
  readonly version: Version
  readonly dialect: SqlDialect
  readonly entities: Entities
  readonly schema: Schema
  physical(column: Column): string
}

/**
 * A statement is such a read if its text is the one that Drizzle makes of it: the text is all that the database sees, so
 * nothing else can be in it. Texts are made when a table is first read or written.
 * @param through true for a table with the policy `write: 'through'`.
 */
export function createRowReads(room: RowReadsRoom, through: (model: string) => boolean): RowReads {
  const made = new Map<string, Made | undefined>()
  const madeOf = (model: string | undefined): Made | undefined => {
    // Without RETURNING no row is ever written through.
    if (model === undefined || room.dialect === 'mysql') return undefined
    if (!made.has(model)) made.set(model, through(model) ? make(room, model) : undefined)
    return made.get(model)
  }
  return {
    tableOf: (model) => madeOf(model)?.table,
    placesOf: ({ model, text }) => madeOf(model)?.byText.get(text),
  }
}

interface Made {
  readonly table: RowTable
  readonly byText: ReadonlyMap<string, RowPlaces>
}

/** A query of Drizzle's that can tell its SQL, and the builders that make one. */
interface Query {
  toSQL(): { readonly sql: string; readonly params: readonly unknown[] }
}
interface Select extends Query {
  where(condition: SQL | undefined): Select
  limit(rows: number): Select
}
interface Builders {
  select(): { from(table: Table): Select }
  readonly query?: Readonly<Record<string, Relational | undefined>>
}
interface Relational {
  findFirst(config: object): Query
  findMany(config: object): Query
}

function make(room: RowReadsRoom, model: string): Made | undefined {
  const entity = room.entities.get(model)
  if (!is(entity, Table)) return undefined
  const byName = new Map(
    Object.entries(columnsOf(entity)).map(([name, column]) => [room.physical(column), { name, column }]),
  )
  const known = room.schema.tables.get(nameOf(entity).toLowerCase())
  const types = new Map(known?.columns.map((column) => [column.name, column.type]))
  const names = [...byName.keys()]
  const byText = new Map<string, RowPlaces>()
  const keys: RowKey[] = []
  for (const { kind, columns } of known?.keys ?? []) {
    if (kind !== 'primary' && kind !== 'unique') continue
    const equal = columns.flatMap((name, at): readonly Equal[] => {
      const found = byName.get(name)
      return found ? [[found.name, found.column, new Placeholder(`${at}`)]] : []
    })
    if (equal.length < columns.length) continue
    const key: RowKey = {
      select: keyOf(selectBy(room, entity, equal).toSQL().sql),
      columns: columns.map((name) => ({ name, type: types.get(name) ?? 'other', at: names.indexOf(name) })),
    }
    keys.push(key)
    for (const query of spellings(room, model, entity, equal)) {
      const { sql, params } = query.toSQL()
      const places = placesIn(key, params)
      if (places && !byText.has(sql)) byText.set(sql, places)
    }
  }
  const columns = [...byName.values()].map(({ column }) => column)
  return { table: { name: nameOf(entity), columns, keys }, byText }
}

const buildersOf = (db: DbParts): Builders => db as unknown as Builders

function selectBy({ db }: RowReadsRoom, table: Table, equal: readonly Equal[]): Select {
  return buildersOf(db)
    .select()
    .from(table)
    .where(and(...equal.map(([, column, value]) => eq(column, value))))
}

/** The ways to write the read: the key's columns in any order, limited or not, as a select or as a relational query. */
function spellings(
  room: RowReadsRoom,
  model: string,
  table: Table,
  equal: readonly Equal[],
): readonly Query[] {
  return orders(equal).flatMap((order) => {
    const select = () => selectBy(room, table, order)
    return [select(), select().limit(1), ...relational(room, model, table, order)]
  })
}

/** A relational query is one of them where it selects what the select does. */
function relational(
  { db, version }: RowReadsRoom,
  model: string,
  table: Table,
  equal: readonly Equal[],
): readonly Query[] {
  const builders = buildersOf(db)
  const found = builders.query?.[model]
  if (!found) return []
  const config = { where: version.relationalWhere(equal) }
  const head = `${builders.select().from(table).toSQL().sql} `
  return [found.findFirst(config), found.findMany(config)].filter(({ toSQL }, at, all) =>
    unaliased(toSQL.call(all[at]).sql).startsWith(head),
  )
}

/** As 1.0 writes it: `select "d0"."id" as "id" … from "t" as "d0"`. */
function unaliased(text: string): string {
  return text.replaceAll('"d0".', '').replace(/ as "(?:[^"]|"")*"/g, '')
}

/** Keys of more columns are found in the order they were declared in. */
const MOST_ORDERED = 3

function orders<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length < 2 || items.length > MOST_ORDERED) return [items]
  return items.flatMap((first, at) =>
    orders(items.filter((_, index) => index !== at)).map((rest) => [first, ...rest]),
  )
}

/** What is no value of the key is a limit. */
function placesIn(key: RowKey, params: readonly unknown[]): RowPlaces | undefined {
  const names = params.map((param) => {
    const given = is(param, Param) ? param.value : param
    return is(given, Placeholder) ? given.name : undefined
  })
  const values = key.columns.map((_, at) => names.indexOf(`${at}`))
  const limits = [...params.keys()].filter((at) => names[at] === undefined)
  if (values.includes(-1) || !limits.every((at) => params[at] === 1)) return undefined
  return { key, values, limits }
}
