import { CacheError } from '../base/errors.ts'
import type { Table } from './table.ts'

/** The database of a client that names none, and of a cache without clients. */
export const DEFAULT_DATABASE = 'main'

/** A database whose tables this cache knows because a client of it is attached. */
export interface KnownDatabase {
  readonly database: string
  /** Every schema that clients of this database brought: they may know different keys. */
  readonly tables: readonly ReadonlyMap<string, Table>[]
}

/**
 * The databases that have the table; without any client attached, the default database is meant.
 * @throws CacheError `LARDER_UNKNOWN_TABLE` for a table that no attached client knows.
 */
export function holding(databases: readonly KnownDatabase[], table: string): readonly KnownDatabase[] {
  if (!databases.length) return [{ database: DEFAULT_DATABASE, tables: [] }]
  const matching = databases.filter((database) =>
    database.tables.some((tables) => tables.has(table.toLowerCase())),
  )
  if (matching.length) return matching
  const names = [
    ...new Set(databases.flatMap((database) => database.tables.flatMap((tables) => [...tables.keys()]))),
  ]
  throw new CacheError(
    'LARDER_UNKNOWN_TABLE',
    `no attached client has a table ${table}: there are ${names.join(', ')}`,
  )
}
