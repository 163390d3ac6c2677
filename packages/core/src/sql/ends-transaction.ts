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

/** Statements of MySQL that write nothing and commit all the same. */
const MYSQL_COMMITS: ReadonlySet<string> = new Set(
  'LOCK UNLOCK FLUSH ANALYZE CHECK OPTIMIZE RESET'.split(' '),
)

/** Words that statements begin with which end a transaction, or may. */
const ENDING: ReadonlySet<string> = new Set(['COMMIT', 'END', 'ROLLBACK', 'ABORT', 'PREPARE'])

/**
 * Whether raw SQL in a transaction may commit it: `plainly` where it is one COMMIT and nothing else. What cannot be
 * read may, and so may a text of several statements of which one ends a transaction; on MySQL, where many do without
 * saying so, any text of several. Without `dialect` the text is read as every dialect would.
 */
export function endsTransaction(
  text: string,
  scan: SqlScan,
  dialect: SqlDialect | undefined,
): 'no' | 'plainly' | 'also' {
  const answers = readings(text, dialect).map((quoting) =>
    committed(words(text, quoting), scan, dialect === 'mysql' || !dialect),
  )
  const [first = 'also'] = answers
  return answers.every((answer) => answer === first) ? first : 'also'
}

/** True for the first word of such a statement; going back to a savepoint is counted with them. */
function endsAt(tokens: readonly string[], word: string, at: number): boolean {
  return ENDING.has(word) && (at === 0 || tokens[at - 1] === ';')
}

/** `implicitly`: DDL and its like commit what was open, as MySQL has it. */
function committed(
  tokens: readonly string[] | undefined,
  scan: SqlScan,
  implicitly: boolean,
): 'no' | 'plainly' | 'also' {
  const end = tokens?.indexOf(';') ?? 0
  if (!tokens) return 'also'
  if (end >= 0 && end < tokens.length - 1)
    return implicitly || tokens.some((word, at) => endsAt(tokens, word, at)) ? 'also' : 'no'
  const first = tokens[0] ?? ''
  if (first === 'ROLLBACK' || first === 'ABORT') return 'no'
  if (scan.kind === 'end') return 'plainly'
  if (first === 'COMMIT') return 'also'
  // BEGIN, LOCK TABLES and DDL commit what was open.
  const writes = scan.kind === 'begin' || scan.writes || MYSQL_COMMITS.has(first)
  return implicitly && writes && !MYSQL_WRITES.has(first) ? 'also' : 'no'
}
