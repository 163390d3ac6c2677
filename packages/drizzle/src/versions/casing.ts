import { CacheError } from '@larder/core'
import type { Column } from 'drizzle-orm'
// As a whole: 1.0 has the file without the class.
import * as drizzleCasing from 'drizzle-orm/casing'
import type { DialectParts } from './parts.ts'

/** How a db turns the names of columns that were given none of their own into those of the database. */
export type Casing = 'snake_case' | 'camelCase'

interface Namer {
  getColumnCasing(column: Column): string
}

/** Physical name of a column as the db's `casing` makes it. */
export function columnNames(dialect: DialectParts): (column: Column) => string {
  const { casing } = dialect as unknown as { casing?: Namer }
  return (column) => casing?.getColumnCasing(column) ?? column.name
}

/**
 * The same without a db.
 * @throws CacheError for a casing there is not, or a drizzle-orm that has none.
 */
export function columnNamesBy(casing: Casing | undefined): (column: Column) => string {
  if (casing === undefined) return (column) => column.name
  if (casing !== 'snake_case' && casing !== 'camelCase')
    throw new CacheError('LARDER_CONFIG', `casing is '${String(casing)}': give 'snake_case' or 'camelCase'`)
  const { CasingCache } = drizzleCasing as { CasingCache?: new (casing: Casing) => Namer }
  if (!CasingCache)
    throw new CacheError(
      'LARDER_CONFIG',
      `casing is '${casing}', and this drizzle-orm has none: from 1.0 on the schema itself names its columns. Leave it out`,
    )
  const namer = new CasingCache(casing)
  return (column) => namer.getColumnCasing(column)
}
