import type { ReturnedRow, SqlDialect } from '@larder/core/host'
import { Column, is } from 'drizzle-orm'
import { nameInStatement } from './names.ts'

/** Rows as drivers return them where Drizzle asks for lists of values. */
export type DriverRows = readonly (readonly unknown[])[]

/** Knows how a driver wraps the rows of a result. */
export interface DriverResults {
  /** The rows of a result, each a plain list. Undefined: it has none. */
  rows(result: unknown): DriverRows | undefined
  /** The rows of a result that Drizzle reads as objects: `$count`, except in SQLite, where it is a list as well. */
  objects(result: unknown): readonly unknown[] | undefined
  /** What Drizzle's mapping expects: the list of rows itself, an object that has it as `rows`, or a list that begins with it. */
  readonly form: 'list' | 'object' | 'pair'
}

/** @param listed whether the driver's result is the list of rows itself (postgres-js, SQLite). */
export function driverResults(dialect: SqlDialect, listed: boolean): DriverResults {
  const unwrap = (result: unknown): unknown => {
    if (dialect === 'mysql') return (result as readonly unknown[] | undefined)?.[0]
    return listed ? result : (result as { rows?: unknown } | undefined)?.rows
  }
  const rows = (result: unknown): DriverRows | undefined => {
    const list = unwrap(result)
    if (!Array.isArray(list)) return undefined
    // Rows of libSQL are objects with the values under their indices.
    return Array.from(list, (row: ArrayLike<unknown>) =>
      Array.isArray(row) ? row : Array.prototype.slice.call(row),
    )
  }
  return {
    rows,
    objects(result) {
      if (dialect === 'sqlite') return rows(result)
      const list = unwrap(result)
      // Plain copies, because drivers use list and row classes of their own.
      return Array.isArray(list) ? Array.from(list, (row: object) => ({ ...row })) : undefined
    },
    form: dialect === 'mysql' ? 'pair' : listed ? 'list' : 'object',
  }
}

/** The selection of a query in the order of its result, as Drizzle passes it to `prepareQuery`. */
export type SelectedFields = readonly { readonly field: unknown }[]

/**
 * The driver rows of a RETURNING as physical columns of `table`. Skips expressions, columns of other tables (UPDATE …
 * FROM returns both) and columns of `table` under an alias.
 */
export function namedRows(
  rows: DriverRows,
  fields: SelectedFields,
  table: string,
  columnName: (column: Column) => string,
): readonly ReturnedRow[] {
  const names = fields.map(({ field }) =>
    is(field, Column) && nameInStatement(field.table) === table ? columnName(field) : undefined,
  )
  return rows.map((row) =>
    Object.fromEntries(names.flatMap((name, at) => (name === undefined ? [] : [[name, row[at]] as const]))),
  )
}
