import { CacheError } from '@larder/core'
import { type Column, type ColumnType, collatedText } from '@larder/core/host'
import type { ScalarField } from '../datamodel.ts'

/** Providers whose default text equality is wider than Larder's folding (accents, ligatures, widths). */
const WIDE_TEXT = new Set(['mysql', 'sqlserver'])

/** Native types of a Prisma `String` that compare as text; all others (xml, inet, bit) have an equality of their own. */
const TEXT = new Set([
  ...['Text', 'VarChar', 'Char', 'Citext', 'String', 'CatalogSingleChar'],
  ...['TinyText', 'MediumText', 'LongText', 'NVarChar', 'NChar', 'NText'],
])

/**
 * How text of a provider is compared, in columns of the collation that the user names.
 * @throws CacheError for a collation that Larder does not know, or a provider for which it takes none.
 */
export function textOf(provider: string, collation: string | undefined): ColumnType {
  if (collation === undefined) return WIDE_TEXT.has(provider) ? 'opaque-text' : 'text'
  if (provider === 'mysql') return collatedText(collation, 'prismaCache: collation')
  throw new CacheError(
    'LARDER_CONFIG',
    `prismaCache: collation is for MySQL and MariaDB, and this datamodel is of ${provider}: leave it out`,
  )
}

/** The column behind a scalar or enum field. `text`: how text is compared. */
export function columnOfField(field: ScalarField, text: ColumnType): Column {
  return {
    name: field.column,
    type: columnType(field, text),
    // A list column may hold NULL although Prisma reads it as an empty list.
    nullable: field.list || !field.required,
    hasDefault: field.hasDefault || field.updatedAt,
    generated: field.generated === true,
  }
}

/** Canonical type of a scalar or enum field: what equality on it can tell. */
export function columnType(field: ScalarField, text: ColumnType): ColumnType {
  if (field.list) return 'other'
  if (field.kind === 'enum') return 'enum'
  if (field.type === 'Int' || field.type === 'BigInt') return 'integer'
  if (field.type === 'Boolean') return 'boolean'
  return field.type === 'String' ? stringType(field.native, text) : 'other'
}

function stringType(native: string | null, text: ColumnType): ColumnType {
  if (native === 'Uuid' || native === 'UniqueIdentifier') return 'uuid'
  return native !== null && !TEXT.has(native) ? 'other' : text
}
