import type {
  Action,
  Column,
  ColumnType,
  ForeignKey,
  LookupKey,
  Schema,
  Table,
} from '../../src/plan/table.ts'
import type { TagRequest } from '../../src/tags/tag.ts'

/** Tables for tests, written in as few words as the case needs. */
export const space = { namespace: 'larder', database: 'main' }

export function column(name: string, type: ColumnType = 'integer', more: Partial<Column> = {}): Column {
  return { name, type, nullable: false, hasDefault: false, generated: false, ...more }
}

export function nullable(name: string, type: ColumnType = 'integer'): Column {
  return column(name, type, { nullable: true })
}

export const primary = (...columns: string[]): LookupKey => ({ kind: 'primary', columns })
export const unique = (...columns: string[]): LookupKey => ({ kind: 'unique', columns })
export const foreign = (...columns: string[]): LookupKey => ({ kind: 'foreign', columns })
export const named = (...columns: string[]): LookupKey => ({ kind: 'named', columns })

export function table(name: string, columns: readonly Column[], more: Partial<Table> = {}): Table {
  return { name, columns, keys: [], foreignKeys: [], touches: [], reads: [], ...more }
}

export function schema(...tables: readonly Table[]): Schema {
  return { tables: new Map(tables.map((table) => [table.name.toLowerCase(), table])) }
}

/** A foreign key; both actions restrict unless told. */
export function reference(
  columns: readonly string[],
  parent: string,
  references: readonly string[],
  actions: { onDelete?: Action; onUpdate?: Action } = {},
): ForeignKey {
  return { columns, table: parent, references, onDelete: 'restrict', onUpdate: 'restrict', ...actions }
}

/** Tags as short texts: `list`, `p1(id:integer)`, `p1(id:integer)=5`. The Unicode release is left out of names. */
export function shortly(names: Iterable<string>): readonly string[] {
  return [...names]
    .map((name) => name.replace(/^\{[^}]*\}:?/, '').replace(/^([pufn]\d+)\.[\d.]+\(/, '$1('))
    .sort()
}

export function tagsIn(request: TagRequest): { fields: readonly string[]; cells: readonly string[] } {
  return { fields: shortly(request.fields), cells: shortly(request.cells) }
}
