import { type Column, is, SQL, type Table } from 'drizzle-orm'
import type { Node } from '../sql/tree.ts'
import { columnsOf } from '../versions/names.ts'
import { setsOf } from './sets.ts'
import type { ChangePlan } from './statement.ts'
import type { Survey } from './survey.ts'

/** What ON CONFLICT (or ON DUPLICATE KEY) does to rows that are there already. */
export type Conflict =
  | { readonly kind: 'nothing' }
  /** Any key may have met the conflict, and the row it met may be any. */
  | { readonly kind: 'unknown' }
  | {
      readonly kind: 'update'
      /** Physical columns of the conflict target, where they can be told. */
      readonly target: readonly string[] | undefined
      readonly sets: ChangePlan['sets'] | undefined
    }

/** Reads the clause off its SQL: PostgreSQL's is one SQL, SQLite's a list of one, MySQL's begins with `update`. */
export function onConflictOf(survey: Survey, clause: unknown, table: Table): Conflict {
  const given: unknown = Array.isArray(clause) && clause.length === 1 ? clause[0] : clause
  if (given === undefined) return { kind: 'nothing' }
  const node = is(given, SQL) ? survey.places(given) : undefined
  if (!node) return { kind: 'unknown' }
  const text = node.children.map((child) => (child.piece.kind === 'text' ? child.piece.text : ' ')).join('')
  if (/\bdo nothing\s*$/.test(text)) return { kind: 'nothing' }
  if (!/\bdo update set\b/.test(text)) return { kind: 'unknown' }
  return { kind: 'update', target: targetOf(survey, node, table), sets: setListOf(survey, node, table) }
}

/** The first thing after ON CONFLICT: a list of columns (SQLite), or their quoted names as raw SQL (PostgreSQL). */
function targetOf(survey: Survey, node: Node, table: Table): readonly string[] | undefined {
  const first = node.children.find((child) => child.piece.kind === 'sql')
  const list = first?.children.find((child) => child.piece.kind === 'list')
  if (list) {
    const columns = list.children.map(({ piece }) => (piece.kind === 'column' ? piece.column : undefined))
    return all(columns)?.map((column) => survey.names.column(column))
  }
  const raw = first?.children[0]?.piece
  if (raw?.kind !== 'text') return undefined
  const byQuoted = new Map<string, string>(
    Object.values(columnsOf(table)).map((column) => {
      const name = survey.names.column(column)
      return [`"${name.replaceAll('"', '""')}"`, name] as const
    }),
  )
  // A name with a comma in it splits into what no column is called.
  return all(raw.text.split(',').map((name) => byQuoted.get(name)))
}

function setListOf(survey: Survey, node: Node, table: Table): ChangePlan['sets'] | undefined {
  for (const { piece } of node.children) {
    const built = piece.kind === 'sql' ? survey.built.of(piece.sql) : undefined
    if (built?.kind === 'set') return setsOf(survey, table, built.set)
  }
  return undefined
}

function all<T extends Column | string>(items: readonly (T | undefined)[]): readonly T[] | undefined {
  return items.every((item) => item !== undefined) ? items : undefined
}
