import type { Column } from 'drizzle-orm'

/** Where a value stands in a row of a driver's result: an index, or a name. */
export type Place = number | string

/** How the rows of one table lie in the result of a relational query. */
export interface Shape {
  /** Name of the table in the statement. */
  readonly alias: string
  readonly columns: readonly { readonly at: Place; readonly column: Column }[]
  readonly relations: readonly {
    /** What the statement calls what stands for the relation. */
    readonly name: string
    readonly at: Place
    /** One row or null; else a list of rows. */
    readonly one: boolean
    readonly shape: Shape
  }[]
}

/** The rows at one place of a result; undefined where they are not in the form they should have. */
export type ShownRows = (result: unknown) => readonly object[] | undefined

export const rootRows: ShownRows = (result) =>
  Array.isArray(result) && result.every(isRow) ? result : undefined

/** The rows of a relation of `parents`: JSON, in the databases that have no such type as text. */
export function relatedRows(parents: ShownRows, at: Place): ShownRows {
  return (result) => {
    const shown: object[] = []
    for (const parent of parents(result) ?? [undefined]) {
      const related = parent && relatedValue(parent, at)
      if (related === null) continue
      if (!isRow(related)) return undefined
      shown.push(related)
    }
    return shown
  }
}

/** The same where each parent has a list of them. */
export function listedRows(parents: ShownRows, at: Place): ShownRows {
  const lists = relatedRows(parents, at)
  return (result) => {
    const rows = lists(result)?.flatMap((list) => (Array.isArray(list) ? list : [undefined]))
    return rows?.every(isRow) ? rows : undefined
  }
}

/** The row, list of rows or null that a relation of `parent` shows. */
export function relatedValue(parent: object, at: Place): unknown {
  const value = valueAt(parent, at)
  return typeof value === 'string' ? (JSON.parse(value) as unknown) : value
}

export function valueAt(row: object, at: Place): unknown {
  return (row as Readonly<Record<Place, unknown>>)[at]
}

function isRow(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
