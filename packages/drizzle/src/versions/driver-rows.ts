import type { ReturnedRow, SqlDialect } from '@larder/core/host'
import { Column, is } from 'drizzle-orm'
import { nameInStatement } from './names.ts'

/** Rows as drivers give them where Drizzle asks for lists of values. */
export type DriverRows = readonly (readonly unknown[])[]

/** The one place that knows in what drivers wrap their rows. */
export interface DriverResults {
  /** The rows in a driver's result, each a plain list. Undefined where there are none. */
  rows(result: unknown): DriverRows | undefined
  /** The same for a result that Drizzle reads as objects: `$count`, except in SQLite, where it too is a list. */
  objects(result: unknown): readonly unknown[] | undefined
  /** What Drizzle's mapping takes for a driver's result with these rows. */
  wrap(rows: unknown): unknown
}

/** `listed`: the driver's result is the list of rows itself (postgres-js, SQLite). */
export function driverResults(dialect: SqlDialect, listed: boolean): DriverResults {
  const inside = (result: unknown): unknown => {
    if (dialect === 'mysql') return (result as readonly unknown[] | undefined)?.[0]
    return listed ? result : (result as { rows?: unknown } | undefined)?.rows
  }
  const rows = (result: unknown): DriverRows | undefined => {
    const found = inside(result)
    if (!Array.isArray(found)) return undefined
    // libSQL's rows are objects with the values under their indices.
    return Array.from(found, (row: ArrayLike<unknown>) =>
      Array.isArray(row) ? row : Array.prototype.slice.call(row),
    )
  }
  return {
    rows,
    objects(result) {
      if (dialect === 'sqlite') return rows(result)
      const found = inside(result)
      // Plain copies: lists and rows may be of classes of the driver's own.
      return Array.isArray(found) ? Array.from(found, (row: object) => ({ ...row })) : undefined
    },
    wrap(found) {
      if (dialect === 'mysql') return [found]
      return listed ? found : { rows: found }
    },
  }
}

/** The selection of a query in the order of its result: `fields` as Drizzle gives them to `prepareQuery`. */
export type SelectedFields = readonly { readonly field: unknown }[]

/**
 * Driver rows of a RETURNING as physical columns of `table`. Left out: what is no plain column, columns of other tables
 * (UPDATE … FROM returns both), and those of `table` under an alias.
 */
export function returnedRows(
  rows: DriverRows,
  fields: SelectedFields,
  table: string,
  physical: (column: Column) => string,
): readonly ReturnedRow[] {
  const names = fields.map(({ field }) =>
    is(field, Column) && nameInStatement(field.table) === table ? physical(field) : undefined,
  )
  return rows.map((row) =>
    Object.fromEntries(names.flatMap((name, at) => (name === undefined ? [] : [[name, row[at]] as const]))),
  )
}
