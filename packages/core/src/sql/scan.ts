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
    const tokens = words(text, quoting)
    const scan = tokens ? scanWords(tokens, dialect) : WRITE
    worst = worst ? worse(worst, scan) : scan
  }
  return worst ?? WRITE
}

// Two readings that disagree: believing an END that is none would finish a write before its COMMIT, so only a
// begin is believed (it makes the session bypass) and everything else is a write.
function worse(first: SqlScan, second: SqlScan): SqlScan {
  const locks = first.locks || second.locks
  if (first.kind === second.kind) return { kind: first.kind, locks, writes: first.writes || second.writes }
  const begins = first.kind === 'begin' || second.kind === 'begin'
  return { kind: begins ? 'begin' : 'write', locks, writes: true }
}

function scanWords(tokens: readonly string[], dialect: SqlDialect | undefined): SqlScan {
  const texts = split(tokens)
  if (texts.length === 0) return WRITE
  const statements = texts.map((text) => scanStatement(text, dialect))
  const locks = statements.some((scan) => scan.locks)
  const writes = statements.some((scan) => scan.writes)
  return { kind: kindOf(statements, writes, texts.some(hasBody)), locks, writes }
}

// CREATE TRIGGER … BEGIN …; END: the END closes the body, not a transaction.
function hasBody(tokens: readonly string[]): boolean {
  return (tokens[0] === 'CREATE' || tokens[0] === 'ALTER') && tokens.includes('BEGIN')
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

function split(tokens: readonly string[]): string[][] {
  const statements: string[][] = [[]]
  for (const word of tokens) {
    const last = statements.at(-1) ?? []
    if (word === ';') statements.push([])
    else if (word !== '(' || last.length > 0) last.push(word)
  }
  return statements.filter((statement) => statement.length > 0)
}

const READS = new Set(['SELECT', 'WITH', 'VALUES', 'TABLE', 'SHOW', 'EXPLAIN'])
const READ: SqlScan = { kind: 'read', locks: false, writes: false }

function scanStatement(tokens: readonly string[], dialect: SqlDialect | undefined): SqlScan {
  const first = tokens[0] ?? ''
  if (explainsOnly(tokens)) return READ
  const kind = control(first, tokens)
  if (kind) return { kind, locks: false, writes: false }
  if (writesNothing(tokens, dialect)) return { kind: 'session', locks: first === 'LOCK', writes: false }
  if (!READS.has(first)) return { ...WRITE, locks: first === 'LOCK' }
  const writes = tokens.some((word, index) => writesAt(tokens, word, index, first === 'EXPLAIN'))
  return {
    kind: writes ? 'write' : 'read',
    locks: tokens.some((word, at) => locksAt(tokens, word, at)),
    writes,
  }
}

function control(first: string, tokens: readonly string[]): SqlKind | undefined {
  const [, second] = tokens
  switch (first) {
    case 'BEGIN':
      return 'begin'
    case 'START':
      return second === 'TRANSACTION' ? 'begin' : undefined
    // COMMIT PREPARED commits what another session wrote: all that can be said is that tables change.
    case 'COMMIT':
      return second === 'PREPARED' ? undefined : chained(tokens)
    case 'ROLLBACK':
      return tokens.includes('TO') ? 'savepoint' : chained(tokens)
    case 'END':
    case 'ABORT':
      return chained(tokens)
    case 'PREPARE':
      return second === 'TRANSACTION' ? 'end' : undefined
    case 'SAVEPOINT':
    case 'RELEASE':
      return 'savepoint'
    case 'SET':
      return setting(tokens)
    case 'RESET':
    case 'DISCARD':
    case 'USE':
      return 'session'
    default:
      return undefined
  }
}

// COMMIT AND CHAIN begins the next transaction at once.
function chained(tokens: readonly string[]): SqlKind {
  const at = tokens.indexOf('CHAIN')
  return at > 0 && tokens[at - 1] !== 'NO' ? 'begin' : 'end'
}

function setting(tokens: readonly string[]): SqlKind | undefined {
  const at = tokens.indexOf('AUTOCOMMIT')
  if (at > 0) return ['1', 'ON', 'TRUE'].includes(tokens[at + 1] ?? '') ? 'end' : 'begin'
  // The defaults of transactions to come, which no COMMIT ends.
  if (tokens.includes('CHARACTERISTICS')) return 'session'
  if (tokens.includes('TRANSACTION')) return 'begin'
  return tokens.some((word, index) => writesAt(tokens, word, index, true)) ? undefined : 'session'
}

const WRITING = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'REPLACE', 'TRUNCATE', 'INTO'])
// Statements only EXPLAIN ANALYZE can reach.
const EXPLAINED = new Set(['CREATE', 'EXECUTE', 'DECLARE', 'CALL', 'REFRESH'])
// MySQL and PostgreSQL have functions of these names.
const FUNCTIONS = new Set(['INSERT', 'REPLACE', 'TRUNCATE'])

function writesAt(tokens: readonly string[], word: string, at: number, explain: boolean): boolean {
  if (!WRITING.has(word)) return explain && EXPLAINED.has(word)
  if (FUNCTIONS.has(word) && tokens[at + 1] === '(') return false
  return !(word === 'UPDATE' && locking(tokens, at))
}

const ADVISORY = /^(?:PG_(?:TRY_)?ADVISORY_|GET_LOCK$)/

function locksAt(tokens: readonly string[], word: string, at: number): boolean {
  if (word === 'UPDATE' || word === 'SHARE') return locking(tokens, at)
  return ADVISORY.test(word)
}

// FOR [NO KEY] UPDATE, FOR [KEY] SHARE, LOCK IN SHARE MODE
function locking(tokens: readonly string[], at: number): boolean {
  const before = tokens.slice(Math.max(0, at - 3), at)
  const back = before.reverse().join(' ')
  return /^FOR\b|^KEY FOR\b|^KEY NO FOR\b|^IN LOCK\b/.test(back)
}
