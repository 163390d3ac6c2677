import type { Column } from 'drizzle-orm'

/** The position of a value in a row of a driver's result: an index, or a property name. */
export type RowPosition = number | string

/** How the rows of one table are laid out in the result of a relational query. */
export interface ResultShape {
  /** Name of the table in the statement. */
  readonly alias: string
  readonly columns: readonly { readonly position: RowPosition; readonly column: Column }[]
  readonly relations: readonly {
    /** Name that the statement gives to the subquery of the relation. */
    readonly name: string
    readonly position: RowPosition
    /** True: one row or null. False: a list of rows. */
    readonly single: boolean
    readonly shape: ResultShape
  }[]
}

/** Extracts the rows of one table from a result. Undefined: they do not have the expected form. */
export type RowExtractor = (result: unknown) => readonly object[] | undefined

export const rootRows: RowExtractor = (result) =>
  Array.isArray(result) && result.every(isRow) ? result : undefined

/** The rows of a to-one relation of `parents`. Some databases return them as JSON text. */
export function relatedRows(parents: RowExtractor, position: RowPosition): RowExtractor {
  return (result) => {
    const rows: object[] = []
    for (const parent of parents(result) ?? [undefined]) {
      const related = parent && relatedValue(parent, position)
      if (related === null) continue
      if (!isRow(related)) return undefined
      rows.push(related)
    }
    return rows
  }
}

/** The rows of a to-many relation of `parents`. */
export function listedRows(parents: RowExtractor, position: RowPosition): RowExtractor {
  const lists = relatedRows(parents, position)
  return (result) => {
    const rows = lists(result)?.flatMap((list) => (Array.isArray(list) ? list : [undefined]))
    return rows?.every(isRow) ? rows : undefined
  }
}

/** The row, list of rows or null that `parent` has for a relation. */
export function relatedValue(parent: object, position: RowPosition): unknown {
  const value = valueAt(parent, position)
  return typeof value === 'string' ? (JSON.parse(value) as unknown) : value
}

export function valueAt(row: object, position: RowPosition): unknown {
  return (row as Readonly<Record<RowPosition, unknown>>)[position]
}

function isRow(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
