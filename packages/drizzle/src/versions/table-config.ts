import { CacheError } from '@larder/core'
import type { Column, Table } from 'drizzle-orm'
import { columnsOf, physicalName } from './names.ts'
import { entityKinds } from './parts.ts'

/** A foreign key, as Drizzle's `getTableConfig` returns it. */
export interface ForeignKeyConfig {
  reference(): {
    readonly columns: readonly Column[]
    readonly foreignTable: Table
    readonly foreignColumns: readonly Column[]
  }
  readonly onDelete: string | undefined
  readonly onUpdate: string | undefined
}

/** An index, as it was declared. */
export interface IndexConfig {
  readonly unique?: boolean
  readonly where?: unknown
  readonly columns: readonly unknown[]
}

/** The part of Drizzle's `getTableConfig` that Larder needs. */
export interface TableConfig {
  readonly columns: readonly Column[]
  readonly primaryKeys: readonly { readonly columns: readonly Column[] }[]
  readonly uniqueConstraints: readonly { readonly columns: readonly Column[] }[]
  readonly indexes: readonly { readonly config: IndexConfig }[]
  readonly foreignKeys: readonly ForeignKeyConfig[]
}

interface Builder {
  build(table: Table): unknown
}

/** The class of a table in each dialect, and the symbol of the foreign keys that its columns declare. */
const INLINE_FOREIGN_KEYS: Readonly<Record<string, symbol>> = {
  PgTable: Symbol.for('drizzle:PgInlineForeignKeys'),
  MySqlTable: Symbol.for('drizzle:MySqlInlineForeignKeys'),
  SQLiteTable: Symbol.for('drizzle:SQLiteInlineForeignKeys'),
}
const EXTRA_CONFIG = Symbol.for('drizzle:ExtraConfigBuilder')
const EXTRA_COLUMNS = Symbol.for('drizzle:ExtraConfigColumns')

/**
 * What `getTableConfig` of the table's own dialect returns. Undefined for a table of an unknown dialect.
 *
 * Drizzle has one such function per dialect. Importing all of them would load every dialect into an application that
 * uses one: 0.75 s and 50 MB on a cold start.
 * @throws CacheError for a table that differs from those of drizzle-orm 0.45 and 1.0. A foreign key that is overlooked
 * would leave cached reads stale after a cascade.
 */
export function tableConfig(table: Table): TableConfig | undefined {
  const kind = entityKinds(table).find((name) => Object.hasOwn(INLINE_FOREIGN_KEYS, name))
  if (kind === undefined) return undefined
  const parts = table as unknown as Readonly<Record<symbol, unknown>>
  const inline = parts[INLINE_FOREIGN_KEYS[kind] as symbol]
  if (typeof inline !== 'object' || inline === null)
    throw new CacheError(
      'LARDER_CONFIG',
      `drizzleCache cannot read the foreign keys of ${physicalName(table)} in this version of drizzle-orm: 0.45 and 1.0.0-rc.5 are tested`,
    )
  const builders = extraConfig(table, kind === 'PgTable' ? EXTRA_COLUMNS : undefined)
  const built = <T>(suffix: string): readonly T[] =>
    builders.filter((each) => kindOf(each).endsWith(suffix)).map((each) => each.build(table) as T)
  return {
    columns: Object.values(columnsOf(table)),
    primaryKeys: built('PrimaryKeyBuilder'),
    uniqueConstraints: built('UniqueConstraintBuilder'),
    indexes: built('IndexBuilder'),
    foreignKeys: [
      ...Object.values(inline as Record<string, ForeignKeyConfig>),
      ...built<ForeignKeyConfig>('ForeignKeyBuilder'),
    ],
  }
}

/** True for the return value of `pgEnum`, a function that Drizzle marks. */
export function isEnum(value: unknown): value is { readonly enumName: string } {
  if (typeof value !== 'function') return false
  return (value as unknown as Record<symbol, unknown>)[Symbol.for('drizzle:isPgEnum')] === true
}

/** The builders returned by the third parameter of `pgTable`, `mysqlTable` or `sqliteTable`, an object or a list. */
function extraConfig(table: Table, columns: symbol | undefined): readonly Builder[] {
  const parts = table as unknown as Readonly<Record<symbol, unknown>>
  const declare = parts[EXTRA_CONFIG] as ((columns: unknown) => object) | undefined
  if (declare === undefined) return []
  const config = declare(columns ? parts[columns] : columnsOf(table))
  const values: readonly unknown[] = Array.isArray(config) ? config.flat(1) : Object.values(config)
  return values.filter(isBuilder)
}

function isBuilder(value: unknown): value is Builder {
  return typeof (value as { build?: unknown } | undefined)?.build === 'function'
}

function kindOf(builder: Builder): string {
  return entityKinds(builder)[0] ?? ''
}
