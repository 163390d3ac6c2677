import { CacheError } from '@larder/core'
import type { Column } from 'drizzle-orm'
// As a whole: 1.0 has the file without the class.
import * as drizzleCasing from 'drizzle-orm/casing'
import type { DialectParts } from './parts.ts'

/** How a db turns the names of columns that were given none of their own into those of the database. */
export type Casing = 'snake_case' | 'camelCase'

interface Namer {
  getColumnCasing(column: Column): string
  clearCache?(): void
}

/** What a db of 0.45 names columns by. It remembers the first table of each name, and knows no column of a second. */
interface CasingCache extends Namer {
  readonly convert?: (name: string) => string
}

type Named = Column & { readonly keyAsName?: boolean }

/** Physical name of a column as the db's `casing` makes it. */
export function columnNames(dialect: DialectParts): (column: Column) => string {
  const { casing } = dialect as unknown as { casing?: Namer }
  return (column) => casing?.getColumnCasing(column) ?? column.name
}

/**
 * A view over a dialect that names columns as it does, and remembers them by the column and not by the table's name:
 * the given one keeps what it had remembered, and two definitions of one table (one of them a stub, for a foreign key)
 * do not hide each other's columns. A dialect of 1.0 names none, and is returned as it is.
 */
export function withOwnNames(dialect: DialectParts): DialectParts {
  const { casing } = dialect as unknown as { casing?: CasingCache }
  const convert = casing?.convert
  if (typeof convert !== 'function') return dialect
  let names = new WeakMap<Column, string>()
  const own: Namer = {
    getColumnCasing(column: Named) {
      if (!column.keyAsName) return column.name
      const known = names.get(column)
      if (known !== undefined) return known
      const made = convert(column.name)
      names.set(column, made)
      return made
    },
    clearCache() {
      names = new WeakMap()
    },
  }
  return Object.assign(Object.create(dialect), { casing: own }) as DialectParts
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
