import { Column, is, One } from 'drizzle-orm'
import type { Shape } from '../result-shape.ts'

/** What a builder of relational queries is told, as far as it matters here. */
interface Asked {
  readonly tableAlias: string
  readonly tableConfig: TableConfig
  readonly schema: Readonly<Record<string, TableConfig | undefined>>
}

interface TableConfig {
  readonly relations: Readonly<Record<string, unknown>>
}

/** One value of a row: a column, an extra, or the rows of a relation as JSON. */
interface Selected {
  readonly tsKey: string
  readonly field: unknown
  readonly isJson: boolean
  readonly relationTableTsKey: string | undefined
  readonly selection: readonly Selected[]
}

/** How the rows of a relational query of 0.45 lie in the driver's: lists of values, in the order of the selection. */
export function shapeOf(asked: unknown, made: unknown): Shape | undefined {
  const { tableAlias, tableConfig, schema } = asked as Asked
  const { selection } = made as { readonly selection?: readonly Selected[] }
  return selection && shape({ schema }, tableAlias, tableConfig, selection)
}

function shape(
  known: Pick<Asked, 'schema'>,
  alias: string,
  { relations }: TableConfig,
  selection: readonly Selected[],
): Shape {
  const columns = selection.flatMap(({ field }, at) => (is(field, Column) ? [{ at, column: field }] : []))
  const related = selection.flatMap(({ tsKey, isJson, relationTableTsKey, selection: inner }, at) => {
    const table = isJson && relationTableTsKey !== undefined ? known.schema[relationTableTsKey] : undefined
    if (!table) return []
    // So the builder names it, too.
    const name = `${alias}_${tsKey}`
    return [{ name, at, one: is(relations[tsKey], One), shape: shape(known, name, table, inner) }]
  })
  return { alias, columns, relations: related }
}
