import { CacheError } from '@larder/core'
import type { Column } from 'drizzle-orm'
// A namespace import, because in 1.0 this module exists but does not export the class.
import * as drizzleCasing from 'drizzle-orm/casing'
import type { DialectParts } from './parts.ts'

/** How a db turns the name of a column in the schema into its name in the database. */
export type Casing = 'snake_case' | 'camelCase'

interface Namer {
  getColumnCasing(column: Column): string
  clearCache?(): void
}

/** 0.45's own namer. It names all columns of a table at once, the first time it meets the table's name. */
interface CasingCache extends Namer {
  cache: Record<string, string>
  cachedTables: Record<string, unknown>
  cacheTable(table: unknown): void
}

/** Returns the physical name of a column under the `casing` of a db. */
export function columnNamer(dialect: DialectParts): (column: Column) => string {
  const { casing } = dialect as unknown as { casing?: Namer }
  return (column) => casing?.getColumnCasing(column) ?? column.name
}

/**
 * A view over a dialect whose namer also knows the columns of a second definition of a table, such as a stub for a foreign
 * key: the two would hide each other's columns. The given dialect keeps its own namer. A dialect of 1.0 has none and is
 * returned as it is.
 */
export function withColumnNames(dialect: DialectParts): DialectParts {
  const { casing } = dialect as unknown as { casing?: Partial<CasingCache> }
  if (!casing) return dialect
  const { cacheTable } = casing
  if (typeof cacheTable !== 'function') return dialect
  // A view over Drizzle's namer, which is asked for every column of every query, and calls this for those it does not know.
  const namer: CasingCache = Object.assign(Object.create(casing), {
    cache: {},
    cachedTables: {},
    cacheTable(table: unknown) {
      namer.cachedTables = {}
      cacheTable.call(namer, table)
    },
  })
  return Object.assign(Object.create(dialect), { casing: namer }) as DialectParts
}

/**
 * As {@link columnNamer}, without a db.
 * @throws CacheError for an unknown casing, or a drizzle-orm that has no casing.
 */
export function columnNamerFor(casing: Casing | undefined): (column: Column) => string {
  if (casing === undefined) return (column) => column.name
  if (casing !== 'snake_case' && casing !== 'camelCase')
    throw new CacheError('LARDER_CONFIG', `casing is '${String(casing)}': use 'snake_case' or 'camelCase'`)
  const { CasingCache } = drizzleCasing as { CasingCache?: new (casing: Casing) => Namer }
  if (!CasingCache)
    throw new CacheError(
      'LARDER_CONFIG',
      `casing is '${casing}', but this drizzle-orm has no casing: from 1.0 on the schema itself names its columns. Leave it out`,
    )
  const namer = new CasingCache(casing)
  return (column) => namer.getColumnCasing(column)
}
