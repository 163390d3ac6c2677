import { Column, is, One } from 'drizzle-orm'
import type { ResultShape } from '../result-shape.ts'

/** The parameter of a builder of relational queries. */
interface RelationalParameters {
  readonly tableAlias: string
  readonly tableConfig: RelationalTable
  readonly schema: RelationalSchema
}

type RelationalSchema = Readonly<Record<string, RelationalTable | undefined>>

interface RelationalTable {
  readonly relations: Readonly<Record<string, unknown>>
}

/** One value of a row: a column, an extra, or the rows of a relation as JSON. */
interface SelectedValue {
  readonly tsKey: string
  readonly field: unknown
  readonly isJson: boolean
  readonly relationTableTsKey: string | undefined
  readonly selection: readonly SelectedValue[]
}

/** The layout of the driver's rows for a relational query of 0.45: lists of values, in the order of the selection. */
export function shapeOf(parameters: unknown, result: unknown): ResultShape | undefined {
  const { tableAlias, tableConfig, schema } = parameters as RelationalParameters
  const { selection } = result as { readonly selection?: readonly SelectedValue[] }
  return selection && tableShape(schema, tableAlias, tableConfig, selection)
}

function tableShape(
  schema: RelationalSchema,
  alias: string,
  { relations }: RelationalTable,
  selection: readonly SelectedValue[],
): ResultShape {
  const columns = selection.flatMap(({ field }, position) =>
    is(field, Column) ? [{ position, column: field }] : [],
  )
  const related = selection.flatMap(({ tsKey, isJson, relationTableTsKey, selection: inner }, position) => {
    const table = isJson && relationTableTsKey !== undefined ? schema[relationTableTsKey] : undefined
    if (!table) return []
    // The alias that Drizzle's builder gives to the relation.
    const name = `${alias}_${tsKey}`
    const single = is(relations[tsKey], One)
    return [{ name, position, single, shape: tableShape(schema, name, table, inner) }]
  })
  return { alias, columns, relations: related }
}
