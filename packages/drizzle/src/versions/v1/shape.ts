import { Column, is } from 'drizzle-orm'
import type { Shape } from '../result-shape.ts'

/** One value of a row: a column, an extra, or the rows of a relation as JSON. */
interface Selected {
  readonly key: string
  readonly field: unknown
  readonly isArray?: boolean
  readonly selection?: readonly Selected[]
}

/**
 * How the rows of a relational query of 1.0 lie in the driver's: lists of values at the root, objects in its relations.
 * The tables of one depth have one name.
 */
export function shapeOf(made: unknown): Shape | undefined {
  const { selection } = made as { readonly selection?: unknown }
  return Array.isArray(selection) ? shape(selection as readonly Selected[], 0) : undefined
}

function shape(selection: readonly Selected[], depth: number): Shape {
  // An extra may have the name of a column or a relation: which of the two an object then holds is the database's say.
  const entries = selection
    .map((one, index) => ({ ...one, at: depth ? one.key : index }))
    .filter(({ key }) => !depth || selection.filter((one) => one.key === key).length === 1)
  return {
    alias: `d${depth}`,
    columns: entries.flatMap(({ at, field }) => (is(field, Column) ? [{ at, column: field }] : [])),
    relations: entries.flatMap(({ at, key, isArray, selection: inner }) =>
      inner ? [{ name: key, at, one: !isArray, shape: shape(inner, depth + 1) }] : [],
    ),
  }
}
