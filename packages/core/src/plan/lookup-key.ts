import type { Column, KeyKind } from './table.ts'

/**
 * A unique index over a nullable column admits many rows with NULL, so it is treated as a plain named key:
 * inserts then bump its values, and a read pinned by it needs no dependency on the table's list.
 */
export function effectiveKind(kind: KeyKind, columns: readonly Column[]): KeyKind {
  return kind === 'unique' && columns.some((column) => column.nullable) ? 'named' : kind
}
