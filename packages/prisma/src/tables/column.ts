import type { Column, ColumnType } from '@larder/core'
import type { ScalarField } from '../datamodel.ts'

/** Providers whose default text equality is wider than Larder's folding (accents, ligatures, widths). */
const WIDE_TEXT = new Set(['mysql', 'sqlserver'])

/** Native types of a Prisma `String` that compare as text; all others (xml, inet, bit) have an equality of their own. */
const TEXT = new Set([
  ...['Text', 'VarChar', 'Char', 'Citext', 'String', 'CatalogSingleChar'],
  ...['TinyText', 'MediumText', 'LongText', 'NVarChar', 'NChar', 'NText'],
])

/** The column behind a scalar or enum field. */
export function columnOfField(field: ScalarField, provider: string): Column {
  return {
    name: field.column,
    type: columnType(field, provider),
    // A list column may hold NULL although Prisma reads it as an empty list.
    nullable: field.list || !field.required,
    hasDefault: field.hasDefault || field.updatedAt,
    generated: field.generated === true,
  }
}

/** Canonical type of a scalar or enum field: what equality on it can tell. */
export function columnType(field: ScalarField, provider: string): ColumnType {
  if (field.list) return 'other'
  if (field.kind === 'enum') return 'enum'
  if (field.type === 'Int' || field.type === 'BigInt') return 'integer'
  if (field.type === 'Boolean') return 'boolean'
  return field.type === 'String' ? stringType(field.native, provider) : 'other'
}

function stringType(native: string | null, provider: string): ColumnType {
  if (native === 'Uuid' || native === 'UniqueIdentifier') return 'uuid'
  if (native !== null && !TEXT.has(native)) return 'other'
  return WIDE_TEXT.has(provider) ? 'opaque-text' : 'text'
}
