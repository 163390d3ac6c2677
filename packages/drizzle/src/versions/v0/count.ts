import { is, SQL, StringChunk } from 'drizzle-orm'
import type { Built } from '../../dialect/built.ts'

/**
 * `db.$count(…)` inside another statement: `(select count(*) from source[ where filters])`. Undefined for any other SQL.
 * NOTE: told by its chunks, since a selection of one table copies them into another object.
 */
export function embeddedCount(sql: SQL): Built | undefined {
  const { 0: first, 1: source, 5: filters } = sql.queryChunks
  if (!is(first, StringChunk) || first.value.join('') !== '(select count(*) from ') return undefined
  return { kind: 'count', source, filters }
}

/** What `db.$count(…)` by itself hands to its session: `select count(*) as count from source[ where filters]`. */
export function countStatement(sql: SQL): Built | undefined {
  const { 1: source, 5: filters } = sql.queryChunks
  return is(sql, SQL) ? { kind: 'count', source, filters } : undefined
}
