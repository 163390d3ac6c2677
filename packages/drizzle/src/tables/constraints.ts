import { type Column, is, SQL, type Table } from 'drizzle-orm'
import { tableConfig } from '../versions/table-config.ts'

/** What a table declares besides its columns. */
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

/** Reads a table's keys, in line and in its extra config, in any of Drizzle's dialects. */
export function constraintsOf(table: Table): Constraints {
  const config = tableConfig(table)
  if (!config) return { primary: [], uniques: [], foreignKeys: [] }
  const columns: readonly Column[] = config.columns
  const inLine = columns.filter((column) => column.primary)
  const primary: readonly Column[] = config.primaryKeys[0]?.columns ?? inLine
  const indexes = config.indexes.flatMap((index) => {
    const { unique, where, columns: indexed } = index.config
    // A partial index and one over an expression hold for some rows only, or for no column.
    const plain =
      unique && where === undefined ? all(indexed.map((one) => columnIn(columns, one))) : undefined
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
      const { columns: own, foreignTable, foreignColumns } = key.reference()
      const { onDelete, onUpdate } = key
      return { columns: own, table: foreignTable, references: foreignColumns, onDelete, onUpdate }
    }),
  }
}

/** An index holds copies of its columns, or SQL. */
function columnIn(columns: readonly Column[], indexed: unknown): Column | undefined {
  if (is(indexed, SQL)) return undefined
  const { name } = indexed as { name?: unknown }
  return columns.find((column) => column.name === name)
}

function all<T>(items: readonly (T | undefined)[]): readonly T[] | undefined {
  return items.every((item) => item !== undefined) ? (items as readonly T[]) : undefined
}
