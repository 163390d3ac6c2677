import { type Column, Table, type View } from 'drizzle-orm'

/** The symbols under which Drizzle keeps the names of a table. Drizzle does not export them, but they are global. */
const ORIGINAL_NAME = Symbol.for('drizzle:OriginalName')
const NAME = Symbol.for('drizzle:Name')
const SCHEMA = Symbol.for('drizzle:Schema')
const VIEW_CONFIG = Symbol.for('drizzle:ViewBaseConfig')

/** How a view was declared. `query` is undefined for one declared with `existing()`. */
export interface ViewConfig {
  readonly name: string
  readonly originalName: string
  readonly query: unknown
  readonly selectedFields: Readonly<Record<string, unknown>>
}

/** The bare name of the table in the database, whatever its alias. */
export function physicalName(table: Table): string {
  return (table as unknown as Record<symbol, string>)[ORIGINAL_NAME] ?? ''
}

/** The name of the table in a statement: its alias, or its own name. */
export function nameInStatement(table: Table): string {
  return (table as unknown as Record<symbol, string>)[NAME] ?? physicalName(table)
}

export function viewConfig(view: View): ViewConfig {
  return (view as unknown as Record<symbol, ViewConfig>)[VIEW_CONFIG] as ViewConfig
}

/** The database schema of a table or view (`pgSchema`, `mysqlSchema`). Undefined: it was declared in none. */
export function databaseSchema(entity: Table | View): string | undefined {
  const parts = entity as unknown as Record<symbol, unknown>
  const config = parts[VIEW_CONFIG] as { readonly schema?: string } | undefined
  return config ? config.schema : (parts[SCHEMA] as string | undefined)
}

/** The columns of a table by their names in the schema. */
export function columnsOf(table: Table): Readonly<Record<string, Column>> {
  const { Columns } = (Table as unknown as { Symbol: { Columns: symbol } }).Symbol
  return (table as unknown as Record<symbol, Record<string, Column>>)[Columns] ?? {}
}
