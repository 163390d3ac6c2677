import { readings, type SqlDialect } from './dialect.ts'
import { words } from './words.ts'
import { explainsOnly, writesNothing } from './writes-nothing.ts'

/**
 * What a text of one or several statements does.
 * - `read`: reads only. `write`: may change any table, as far as the text tells.
 * - `begin`: leaves a transaction open (also `SET TRANSACTION`, `SET autocommit = 0`, `COMMIT AND CHAIN`).
 * - `end`: ends one. `savepoint`: sets, releases or rolls back to a savepoint.
 * - `session`: no table changes: `SET`, `RESET`, `USE`, `DISCARD`, after which later statements may mean something else;
 *   `LOCK TABLE`, `LISTEN`, `VACUUM` and the like.
 */
export type SqlKind = 'read' | 'write' | 'begin' | 'end' | 'savepoint' | 'session'

/** The answer of {@link scanSql}. */
export interface SqlScan {
  readonly kind: SqlKind
  /** Takes locks (FOR UPDATE, FOR SHARE, LOCK IN SHARE MODE, LOCK TABLE, advisory): never served from a cache. */
  readonly locks: boolean
  /** Some statement of the text writes, whatever `kind` says of its transaction. */
  readonly writes: boolean
}

const WRITE: SqlScan = { kind: 'write', locks: false, writes: true }

/**
 * Tells a raw SQL text's kind from its words, comments and quotes left out. Errs to one side only: a read may be
 * called a write or locking (an unquoted column named `update`), never the other way round. Functions that write
 * cannot be seen. Without `dialect` the text is read as every dialect would, and the worst answer counts; an
 * unterminated quote is a write.
 */
export function scanSql(text: string, dialect?: SqlDialect): SqlScan {
  let worst: SqlScan | undefined
  for (const quoting of readings(text, dialect)) {
    const found = words(text, quoting)
    const scan = found ? scanWords(found, dialect) : WRITE
    worst = worst ? worse(worst, scan) : scan
  }
  return worst ?? WRITE
}

// Two readings that disagree: believing an END that is none would finish a write before its COMMIT, so only a
// begin is believed (it makes the session bypass) and everything else is a write.
function worse(one: SqlScan, other: SqlScan): SqlScan {
  const locks = one.locks || other.locks
  if (one.kind === other.kind) return { kind: one.kind, locks, writes: one.writes || other.writes }
  const begins = one.kind === 'begin' || other.kind === 'begin'
  return { kind: begins ? 'begin' : 'write', locks, writes: true }
}

function scanWords(found: readonly string[], dialect: SqlDialect | undefined): SqlScan {
  const texts = split(found)
  if (texts.length === 0) return WRITE
  const statements = texts.map((text) => scanStatement(text, dialect))
  const locks = statements.some((scan) => scan.locks)
  const writes = statements.some((scan) => scan.writes)
  return { kind: kindOf(statements, writes, texts.some(hasBody)), locks, writes }
}

// CREATE TRIGGER … BEGIN …; END: the END closes the body, not a transaction.
function hasBody(found: readonly string[]): boolean {
  return (found[0] === 'CREATE' || found[0] === 'ALTER') && found.includes('BEGIN')
}

function kindOf(statements: readonly SqlScan[], writes: boolean, body: boolean): SqlKind {
  const turns = statements
    .map((scan) => scan.kind)
    .filter((kind) => kind === 'begin' || (kind === 'end' && !body))
  const last = turns.at(-1)
  // BEGIN … COMMIT in one text leaves no transaction behind: what counts is what it did.
  if (last && !(turns[0] === 'begin' && last === 'end')) return last
  if (writes) return 'write'
  return statements.find((scan) => scan.kind === 'savepoint' || scan.kind === 'session')?.kind ?? 'read'
}

function split(found: readonly string[]): string[][] {
  const statements: string[][] = [[]]
  for (const word of found) {
    const last = statements.at(-1) ?? []
    if (word === ';') statements.push([])
    else if (word !== '(' || last.length > 0) last.push(word)
  }
  return statements.filter((statement) => statement.length > 0)
}

const READS = new Set(['SELECT', 'WITH', 'VALUES', 'TABLE', 'SHOW', 'EXPLAIN'])
const READ: SqlScan = { kind: 'read', locks: false, writes: false }

function scanStatement(found: readonly string[], dialect: SqlDialect | undefined): SqlScan {
  const first = found[0] ?? ''
  if (explainsOnly(found)) return READ
  const kind = control(first, found)
  if (kind) return { kind, locks: false, writes: false }
  if (writesNothing(found, dialect)) return { kind: 'session', locks: first === 'LOCK', writes: false }
  if (!READS.has(first)) return { ...WRITE, locks: first === 'LOCK' }
  const writes = found.some((word, index) => writesAt(found, word, index, first === 'EXPLAIN'))
  return {
    kind: writes ? 'write' : 'read',
    locks: found.some((word, at) => locksAt(found, word, at)),
    writes,
  }
}

function control(first: string, found: readonly string[]): SqlKind | undefined {
  const [, second] = found
  switch (first) {
    case 'BEGIN':
      return 'begin'
    case 'START':
      return second === 'TRANSACTION' ? 'begin' : undefined
    // COMMIT PREPARED commits what another session wrote: all that can be said is that tables change.
    case 'COMMIT':
      return second === 'PREPARED' ? undefined : chained(found)
    case 'ROLLBACK':
      return found.includes('TO') ? 'savepoint' : chained(found)
    case 'END':
    case 'ABORT':
      return chained(found)
    case 'PREPARE':
      return second === 'TRANSACTION' ? 'end' : undefined
    case 'SAVEPOINT':
    case 'RELEASE':
      return 'savepoint'
    case 'SET':
      return setting(found)
    case 'RESET':
    case 'DISCARD':
    case 'USE':
      return 'session'
    default:
      return undefined
  }
}

// COMMIT AND CHAIN begins the next transaction at once.
function chained(found: readonly string[]): SqlKind {
  const at = found.indexOf('CHAIN')
  return at > 0 && found[at - 1] !== 'NO' ? 'begin' : 'end'
}

function setting(found: readonly string[]): SqlKind | undefined {
  const at = found.indexOf('AUTOCOMMIT')
  if (at > 0) return ['1', 'ON', 'TRUE'].includes(found[at + 1] ?? '') ? 'end' : 'begin'
  // The defaults of transactions to come, which no COMMIT ends.
  if (found.includes('CHARACTERISTICS')) return 'session'
  if (found.includes('TRANSACTION')) return 'begin'
  return found.some((word, index) => writesAt(found, word, index, true)) ? undefined : 'session'
}

const WRITING = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'REPLACE', 'TRUNCATE', 'INTO'])
// Statements only EXPLAIN ANALYZE can reach.
const EXPLAINED = new Set(['CREATE', 'EXECUTE', 'DECLARE', 'CALL', 'REFRESH'])
// MySQL and PostgreSQL have functions of these names.
const FUNCTIONS = new Set(['INSERT', 'REPLACE', 'TRUNCATE'])

function writesAt(found: readonly string[], word: string, at: number, explain: boolean): boolean {
  if (!WRITING.has(word)) return explain && EXPLAINED.has(word)
  if (FUNCTIONS.has(word) && found[at + 1] === '(') return false
  return !(word === 'UPDATE' && locking(found, at))
}

const ADVISORY = /^(?:PG_(?:TRY_)?ADVISORY_|GET_LOCK$)/

function locksAt(found: readonly string[], word: string, at: number): boolean {
  if (word === 'UPDATE' || word === 'SHARE') return locking(found, at)
  return ADVISORY.test(word)
}

// FOR [NO KEY] UPDATE, FOR [KEY] SHARE, LOCK IN SHARE MODE
function locking(found: readonly string[], at: number): boolean {
  const before = found.slice(Math.max(0, at - 3), at)
  const back = before.reverse().join(' ')
  return /^FOR\b|^KEY FOR\b|^KEY NO FOR\b|^IN LOCK\b/.test(back)
}
