import type { Transaction } from '@larder/core/host'
import { commitFailed, statementFailed } from './outcome.ts'

/** What has become of the COMMITs sent as statements of a transaction: by hand, or by Drizzle itself. */
export interface Commits {
  /**
   * - `none`: nothing that the transaction wrote so far was committed by one.
   * - `done`: something was, and the server said so.
   * - `unsure`: a COMMIT was sent, and its answer proves nothing.
   */
  of(transaction: Transaction): 'none' | 'done' | 'unsure'
  /** Notes that the transaction is no longer one: its writes may commit by themselves. */
  broken(transaction: Transaction): void
  /** Notes that the transaction's body is over: what is sent from now on is Drizzle's own. */
  bodyOver(transaction: Transaction): void
  isBodyOver(transaction: Transaction): boolean
  /** Runs a statement that commits; `plainly`: that is all it does, so its refusal is that of the COMMIT. */
  run(transaction: Transaction, plainly: boolean, run: () => Promise<unknown>): Promise<unknown>
}

export function createCommits(): Commits {
  const sent = new WeakMap<Transaction, 'done' | 'unsure'>()
  const over = new WeakSet<Transaction>()
  return {
    of: (transaction) => sent.get(transaction) ?? 'none',
    broken(transaction) {
      transaction.discardRows()
      if (!sent.has(transaction)) sent.set(transaction, 'done')
    },
    bodyOver: (transaction) => void over.add(transaction),
    isBodyOver: (transaction) => over.has(transaction),
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
        if ((result as { command?: unknown } | undefined)?.command === 'ROLLBACK') transaction.discardRows()
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
