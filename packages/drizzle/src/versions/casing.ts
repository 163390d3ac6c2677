import { CacheError } from '@larder/core'
import type { Column } from 'drizzle-orm'
// A namespace import, because in 1.0 this module exists but does not export the class.
import * as drizzleCasing from 'drizzle-orm/casing'
import type { DialectParts } from './parts.ts'

/** How a db turns the name of a column in the schema into its name in the database. */
export type Casing = 'snake_case' | 'camelCase'

interface Namer {
  getColumnCasing(column: Column): string
}

/** Returns the physical name of a column under the `casing` of a db. */
export function columnNamer(dialect: DialectParts): (column: Column) => string {
  const { casing } = dialect as unknown as { casing?: Namer }
  return (column) => casing?.getColumnCasing(column) ?? column.name
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
