import type { ColumnType, Column as CoreColumn } from '@larder/core/host'
import type { Column } from 'drizzle-orm'

/** Canonical types by Drizzle's own names of its column classes. What is not here never pins. */
const TYPES: Readonly<Record<string, ColumnType>> = {
  ...named('integer', [
    ...['PgInteger', 'PgSmallInt', 'PgSerial', 'PgSmallSerial'],
    ...['PgBigInt53', 'PgBigInt64', 'PgBigSerial53', 'PgBigSerial64'],
    ...['SQLiteInteger', 'SQLiteTimestamp'],
    ...['MySqlInt', 'MySqlBigInt53', 'MySqlBigInt64', 'MySqlMediumInt', 'MySqlSmallInt', 'MySqlTinyInt'],
    'MySqlSerial',
  ]),
  ...named('boolean', ['PgBoolean', 'SQLiteBoolean', 'MySqlBoolean']),
  ...named('uuid', ['PgUUID']),
  ...named('enum', ['PgEnumColumn', 'PgEnumObjectColumn']),
  ...named('text', ['PgText', 'PgVarchar', 'PgChar', 'SQLiteText']),
  // MySQL's default collations hold more for equal than Larder folds, enums included, unless the user names another.
  ...named('opaque-text', [
    'MySqlText',
    'MySqlVarChar',
    'MySqlChar',
    'MySqlEnumColumn',
    'MySqlEnumObjectColumn',
  ]),
}

function named(type: ColumnType, kinds: readonly string[]): Readonly<Record<string, ColumnType>> {
  return Object.fromEntries(kinds.map((kind) => [kind, type]))
}

/**
 * False for a column that another may make equal to more than it holds for equal itself: SQLite compares two columns by
 * the collation of the one on the left, and a schema of Drizzle does not say any.
 */
export function comparesByItself({ columnType }: Column): boolean {
  return columnType !== 'SQLiteText'
}

/** A column as core wants it, under its physical name. `text`: how text of MySQL is compared, where that is known. */
export function columnOf(column: Column, name: string, text: ColumnType = 'opaque-text'): CoreColumn {
  const type = Object.hasOwn(TYPES, column.columnType) ? (TYPES[column.columnType] as ColumnType) : 'other'
  const { generated, generatedIdentity, hasOnUpdateNow } = column as Column & {
    readonly generatedIdentity?: unknown
    readonly hasOnUpdateNow?: boolean
  }
  return {
    name,
    type: type === 'opaque-text' ? text : type,
    nullable: !column.notNull,
    hasDefault: column.hasDefault || generatedIdentity !== undefined,
    generated: generated !== undefined || hasOnUpdateNow === true,
  }
}
