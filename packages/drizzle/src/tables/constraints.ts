import { type Column, is, SQL, type Table } from 'drizzle-orm'
import { tableConfig } from '../versions/table-config.ts'

/** The keys that a table declares. */
export interface Constraints {
  readonly primary: readonly Column[]
  /** Unique constraints and plain unique indexes. */
  readonly uniques: readonly (readonly Column[])[]
  readonly foreignKeys: readonly {
    readonly columns: readonly Column[]
    readonly table: Table
    readonly references: readonly Column[]
    readonly onDelete: string | undefined
    readonly onUpdate: string | undefined
  }[]
}

/** Reads a table's keys, both those declared on columns and those in its extra config, in any dialect. */
export function constraintsOf(table: Table): Constraints {
  const config = tableConfig(table)
  if (!config) return { primary: [], uniques: [], foreignKeys: [] }
  const columns: readonly Column[] = config.columns
  const inline = columns.filter((column) => column.primary)
  const primary: readonly Column[] = config.primaryKeys[0]?.columns ?? inline
  const indexes = config.indexes.flatMap((index) => {
    const { unique, where, columns: indexed } = index.config
    // A partial index covers some rows only, and an index over an expression covers no column.
    const plain =
      unique && where === undefined ? allDefined(indexed.map((item) => columnIn(columns, item))) : undefined
    return plain ? [plain] : []
  })
  return {
    primary,
    uniques: [
      ...columns.filter((column) => column.isUnique).map((column) => [column]),
      ...config.uniqueConstraints.map((unique): readonly Column[] => unique.columns),
      ...indexes,
    ],
    foreignKeys: config.foreignKeys.map((key) => {
      const { columns: referencing, foreignTable, foreignColumns } = key.reference()
      const { onDelete, onUpdate } = key
      return { columns: referencing, table: foreignTable, references: foreignColumns, onDelete, onUpdate }
    }),
  }
}

/** An index contains copies of its columns, or SQL. */
function columnIn(columns: readonly Column[], indexed: unknown): Column | undefined {
  if (is(indexed, SQL)) return undefined
  const { name } = indexed as { name?: unknown }
  return columns.find((column) => column.name === name)
}

function allDefined<T>(items: readonly (T | undefined)[]): readonly T[] | undefined {
  return items.every((item) => item !== undefined) ? (items as readonly T[]) : undefined
}
