import { Column, is } from 'drizzle-orm'
import type { ResultShape } from '../result-shape.ts'

/** One value of a row: a column, an extra, or the rows of a relation as JSON. */
interface SelectedValue {
  readonly key: string
  readonly field: unknown
  readonly isArray?: boolean
  readonly selection?: readonly SelectedValue[]
}

/**
 * The layout of the driver's rows for a relational query of 1.0: lists of values at the root, objects in its relations.
 * All tables at one depth have the same alias.
 */
export function shapeOf(result: unknown): ResultShape | undefined {
  const { selection } = result as { readonly selection?: unknown }
  return Array.isArray(selection) ? shapeAt(selection as readonly SelectedValue[], 0) : undefined
}

function shapeAt(selection: readonly SelectedValue[], depth: number): ResultShape {
  // An extra may have the name of a column or relation. Which of the two the object then holds is up to the database.
  const entries = selection
    .map((value, index) => ({ ...value, position: depth ? value.key : index }))
    .filter(({ key }) => !depth || selection.filter((value) => value.key === key).length === 1)
  return {
    alias: `d${depth}`,
    columns: entries.flatMap(({ position, field }) =>
      is(field, Column) ? [{ position, column: field }] : [],
    ),
    relations: entries.flatMap(({ position, key, isArray, selection: inner }) =>
      inner ? [{ name: key, position, single: !isArray, shape: shapeAt(inner, depth + 1) }] : [],
    ),
  }
}
