import { readings, type SqlDialect } from './dialect.ts'
import type { SqlScan } from './scan.ts'
import { words } from './words.ts'

/** Statements of MySQL that write without a COMMIT of their own; all others that write may be one. */
const MYSQL_WRITES: ReadonlySet<string> = new Set([
  'INSERT',
  'UPDATE',
  'DELETE',
  'REPLACE',
  'WITH',
  'SELECT',
  'SET',
])

/**
 * Whether raw SQL in a transaction may commit it: `plainly` where it is one COMMIT and nothing else. What cannot be
 * read, and a text of several statements, may. Without `dialect` the text is read as every dialect would.
 */
export function committing(
  text: string,
  scan: SqlScan,
  dialect: SqlDialect | undefined,
): 'no' | 'plainly' | 'also' {
  const found = readings(text, dialect).map((quoting) =>
    committed(words(text, quoting), scan, dialect === 'mysql' || !dialect),
  )
  const [first = 'also'] = found
  return found.every((one) => one === first) ? first : 'also'
}

/** `implicitly`: DDL and its like commit what was open, as MySQL has it. */
function committed(
  found: readonly string[] | undefined,
  scan: SqlScan,
  implicitly: boolean,
): 'no' | 'plainly' | 'also' {
  const end = found?.indexOf(';') ?? 0
  if (!found || (end >= 0 && end < found.length - 1)) return 'also'
  const first = found[0] ?? ''
  if (first === 'ROLLBACK' || first === 'ABORT') return 'no'
  if (scan.kind === 'end') return 'plainly'
  if (first === 'COMMIT') return 'also'
  // BEGIN, LOCK TABLES and DDL commit what was open.
  const writes = scan.kind === 'begin' || scan.writes
  return implicitly && writes && !MYSQL_WRITES.has(first) ? 'also' : 'no'
}
