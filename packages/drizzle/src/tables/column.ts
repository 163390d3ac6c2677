import type { ColumnType, Column as CoreColumn } from '@larder/core/host'
import type { Column } from 'drizzle-orm'

/** Core's type for each of Drizzle's column classes. Columns of any other class never identify rows. */
const TYPES: Readonly<Record<string, ColumnType>> = {
  ...typed('integer', [
    ...['PgInteger', 'PgSmallInt', 'PgSerial', 'PgSmallSerial'],
    ...['PgBigInt53', 'PgBigInt64', 'PgBigSerial53', 'PgBigSerial64'],
    ...['SQLiteInteger', 'SQLiteTimestamp'],
    ...['MySqlInt', 'MySqlBigInt53', 'MySqlBigInt64', 'MySqlMediumInt', 'MySqlSmallInt', 'MySqlTinyInt'],
    'MySqlSerial',
  ]),
  ...typed('boolean', ['PgBoolean', 'SQLiteBoolean', 'MySqlBoolean']),
  ...typed('uuid', ['PgUUID']),
  ...typed('enum', ['PgEnumColumn', 'PgEnumObjectColumn']),
  ...typed('text', ['PgText', 'PgVarchar', 'PgChar', 'SQLiteText']),
  // MySQL's default collations treat more texts (and enums) as equal than Larder does, unless the user names another.
  ...typed('opaque-text', [
    'MySqlText',
    'MySqlVarChar',
    'MySqlChar',
    'MySqlEnumColumn',
    'MySqlEnumObjectColumn',
  ]),
}

function typed(type: ColumnType, kinds: readonly string[]): Readonly<Record<string, ColumnType>> {
  return Object.fromEntries(kinds.map((kind) => [kind, type]))
}

/**
 * True if comparing the column with another one uses the column's own rules. SQLite uses the collation of the column on
 * the left, which may be wider, and a schema of Drizzle does not contain collations.
 */
export function comparesByOwnRules({ columnType }: Column): boolean {
  return columnType !== 'SQLiteText'
}

/**
 * A column in core's form.
 * @param name physical.
 * @param textType how MySQL compares its text columns, if the user has named a collation.
 */
export function columnOf(column: Column, name: string, textType: ColumnType = 'opaque-text'): CoreColumn {
  const type = Object.hasOwn(TYPES, column.columnType) ? (TYPES[column.columnType] as ColumnType) : 'other'
  const { generated, generatedIdentity, hasOnUpdateNow } = column as Column & {
    readonly generatedIdentity?: unknown
    readonly hasOnUpdateNow?: boolean
  }
  return {
    name,
    type: type === 'opaque-text' ? textType : type,
    nullable: !column.notNull,
    hasDefault: column.hasDefault || generatedIdentity !== undefined,
    generated: generated !== undefined || hasOnUpdateNow === true,
  }
}
