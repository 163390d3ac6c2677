import { is, SQL, StringChunk } from 'drizzle-orm'
import type { BuilderConfig } from './builder-config.ts'
import { textOf } from './pieces.ts'

/**
 * The config of a `db.$count(…)` inside another statement: `(select count(*) from source[ where filters])`. Undefined for
 * any other SQL.
 * NOTE: recognised by its chunks, because a selection of one table copies them into another object.
 */
export function embeddedCount(sql: SQL): BuilderConfig | undefined {
  const { 0: first, 1: source, 2: where, 5: filters } = sql.queryChunks
  const text = is(first, StringChunk) ? textOf(first) : undefined
  if (text === '(select count(*) from ') return { kind: 'count', source, filters }
  // 1.0: without the parentheses, and with the whole WHERE in one SQL.
  if (text !== 'select count(*) from ' || sql.queryChunks.length > 3) return undefined
  return { kind: 'count', source, filters: is(where, SQL) ? where.queryChunks[1] : undefined }
}

/** The config of the SQL that `db.$count(…)` passes to its session: `select count(*) as count from source[ where filters]`. */
export function countStatement(sql: SQL): BuilderConfig | undefined {
  const { 1: source, 5: filters } = sql.queryChunks
  return is(sql, SQL) ? { kind: 'count', source, filters } : undefined
}
