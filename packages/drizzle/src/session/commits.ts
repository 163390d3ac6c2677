import { type SqlDialect, type SqlScan, sqlWords, type Transaction } from '@larder/core'
import { commitFailed, statementFailed } from './outcome.ts'

/** What has become of the COMMITs sent as statements of a transaction: by hand, or by Drizzle itself. */
export interface Commits {
  /**
   * - `none`: nothing that the transaction wrote so far was committed by one.
   * - `done`: something was, and the server said so.
   * - `unsure`: a COMMIT was sent, and its answer proves nothing.
   */
  of(transaction: Transaction): 'none' | 'done' | 'unsure'
  /** Notes that the transaction's body is over: the COMMIT that comes now is Drizzle's own. */
  due(transaction: Transaction): void
  isOwn(transaction: Transaction, text: string): boolean
  /** Notes that the transaction is no longer one: its writes may commit by themselves. */
  broken(transaction: Transaction): void
  /** Runs a statement that commits; `plainly`: that is all it does, so its refusal is that of the COMMIT. */
  run(transaction: Transaction, plainly: boolean, run: () => Promise<unknown>): Promise<unknown>
}

export function createCommits(): Commits {
  const sent = new WeakMap<Transaction, 'done' | 'unsure'>()
  const due = new WeakSet<Transaction>()
  return {
    of: (transaction) => sent.get(transaction) ?? 'none',
    due: (transaction) => void due.add(transaction),
    isOwn: (transaction, text) => due.has(transaction) && /^commit$/i.test(text),
    broken(transaction) {
      transaction.unproven()
      if (!sent.has(transaction)) sent.set(transaction, 'done')
    },
    async run(transaction, plainly, run) {
      const before = sent.get(transaction)
      sent.set(transaction, 'unsure')
      const say = (state: 'done' | undefined): void => {
        if (before === 'unsure') return
        if (state ?? before) sent.set(transaction, state ?? 'done')
        else sent.delete(transaction)
      }
      try {
        const result = await run()
        say('done')
        // PostgreSQL's answer to the COMMIT of a transaction it has given up, told where the driver tells it.
        if ((result as { command?: unknown } | undefined)?.command === 'ROLLBACK') transaction.unproven()
        return result
      } catch (error) {
        if (plainly && commitFailed(error)) say(undefined)
        // DDL commits before it is tried.
        else if (!plainly && statementFailed(error)) say('done')
        throw error
      }
    },
  }
}

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
 * read, and a text of several statements, may.
 */
export function committing(text: string, scan: SqlScan, dialect: SqlDialect): 'no' | 'plainly' | 'also' {
  const words = sqlWords(text, dialect)
  const end = words?.indexOf(';') ?? 0
  if (!words || (end >= 0 && end < words.length - 1)) return 'also'
  const first = words[0] ?? ''
  if (first === 'ROLLBACK' || first === 'ABORT') return 'no'
  if (scan.kind === 'end') return 'plainly'
  if (first === 'COMMIT') return 'also'
  // BEGIN, LOCK TABLES and DDL commit what was open.
  const writes = scan.kind === 'begin' || scan.writes
  return dialect === 'mysql' && writes && !MYSQL_WRITES.has(first) ? 'also' : 'no'
}
