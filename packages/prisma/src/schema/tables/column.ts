import { CacheError } from '@larder/core'
import { type Column, type ColumnType, collatedText } from '@larder/core/host'
import type { ScalarField } from '../datamodel.ts'

/** Providers whose default equality of texts is wider than Larder's folding (accents, ligatures, widths). */
const WIDE_TEXT = new Set(['mysql', 'sqlserver'])

/** Native types of a Prisma `String` that are compared as text. All others (xml, inet, bit) have an equality of their own. */
const TEXT = new Set([
  ...['Text', 'VarChar', 'Char', 'Citext', 'String', 'CatalogSingleChar'],
  ...['TinyText', 'MediumText', 'LongText', 'NVarChar', 'NChar', 'NText'],
])

/**
 * Returns how a provider compares texts.
 * @param collation of the columns, if the user names one.
 * @throws CacheError `LARDER_CONFIG` for an unknown collation, or for a provider that needs none.
 */
export function textOf(provider: string, collation: string | undefined): ColumnType {
  if (collation === undefined) return WIDE_TEXT.has(provider) ? 'opaque-text' : 'text'
  if (provider === 'mysql') return collatedText(collation, 'prismaCache: collation')
  throw new CacheError(
    'LARDER_CONFIG',
    `prismaCache: collation is for MySQL and MariaDB, and this datamodel is of ${provider}: leave it out`,
  )
}

/** Returns the column of a scalar or enum field. @param text how texts are compared. */
export function columnOfField(field: ScalarField, text: ColumnType): Column {
  return {
    name: field.column,
    type: columnType(field, text),
    // A list column may contain NULL, which Prisma reads as an empty list.
    nullable: field.list || !field.required,
    hasDefault: field.hasDefault || field.updatedAt,
    generated: field.generated === true,
  }
}

/** Returns the canonical type of a scalar or enum field, which decides whether it can pin. */
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
