import { is, SQL, type Table } from 'drizzle-orm'
import type { SqlNode } from '../sql/tree.ts'
import { columnsOf } from '../versions/names.ts'
import { setListOf } from './set-list.ts'
import type { ColumnParameters } from './statement.ts'
import type { Survey } from './survey.ts'

/** What ON CONFLICT (or ON DUPLICATE KEY) does to existing rows. */
export type Conflict =
  | { readonly kind: 'nothing' }
  /** Any key may have caused the conflict, so any row may have changed. */
  | { readonly kind: 'unknown' }
  | {
      readonly kind: 'update'
      /** Physical columns of the conflict target. Undefined: unknown. */
      readonly target: readonly string[] | undefined
      readonly sets: ColumnParameters | undefined
    }

/** Parses the clause: one SQL in PostgreSQL, a list of one in SQLite, SQL that begins with `update` in MySQL. */
export function onConflictOf(survey: Survey, clause: unknown, table: Table): Conflict {
  const sql: unknown = Array.isArray(clause) && clause.length === 1 ? clause[0] : clause
  if (sql === undefined) return { kind: 'nothing' }
  const node = is(sql, SQL) ? survey.nodeOf(sql) : undefined
  if (!node) return { kind: 'unknown' }
  const text = node.children.map((child) => (child.piece.kind === 'text' ? child.piece.text : ' ')).join('')
  if (/\bdo nothing\s*$/.test(text)) return { kind: 'nothing' }
  if (!/\bdo update set\b/.test(text)) return { kind: 'unknown' }
  return { kind: 'update', target: targetOf(survey, node, table), sets: updatedColumns(survey, node, table) }
}

/** Reads what follows ON CONFLICT: a list of columns in SQLite, their quoted names as raw SQL in PostgreSQL. */
function targetOf(survey: Survey, node: SqlNode, table: Table): readonly string[] | undefined {
  const first = node.children.find((child) => child.piece.kind === 'sql')
  const list = first?.children.find((child) => child.piece.kind === 'list')
  if (list) {
    const names = list.children.map(({ piece }) =>
      piece.kind === 'column' ? survey.names.columnName(piece.column) : undefined,
    )
    return allDefined(names)
  }
  const raw = first?.children[0]?.piece
  if (raw?.kind !== 'text') return undefined
  const byQuotedName = new Map<string, string>(
    Object.values(columnsOf(table)).map((column) => {
      const name = survey.names.columnName(column)
      return [`"${name.replaceAll('"', '""')}"`, name] as const
    }),
  )
  // A name that contains a comma is split into parts that match no column.
  return allDefined(raw.text.split(',').map((name) => byQuotedName.get(name)))
}

function updatedColumns(survey: Survey, node: SqlNode, table: Table): ColumnParameters | undefined {
  for (const { piece } of node.children) {
    const config = piece.kind === 'sql' ? survey.configs.get(piece.sql) : undefined
    if (config?.kind === 'set') return setListOf(survey, table, config.set)
  }
  return undefined
}

function allDefined(names: readonly (string | undefined)[]): readonly string[] | undefined {
  return names.every((name) => name !== undefined) ? names : undefined
}
