import type { Transaction } from '@larder/core/host'
import { commitFailed, statementFailed } from './outcome.ts'

/** Tracks the COMMITs that are sent as statements of a transaction, by hand or by Drizzle. */
export interface Commits {
  /**
   * - `none`: none was sent, so nothing that the transaction wrote has been committed by one.
   * - `done`: one was sent, and the server confirmed it.
   * - `unsure`: one was sent, and its response proves nothing.
   */
  stateOf(transaction: Transaction): 'none' | 'done' | 'unsure'
  /** Registers that the transaction is no longer one: its writes may commit by themselves. */
  markImplicit(transaction: Transaction): void
  /** Registers the end of the transaction's body. Later statements are Drizzle's own. */
  endBody(transaction: Transaction): void
  hasEndedBody(transaction: Transaction): boolean
  /**
   * Runs a statement that commits.
   * @param isOnlyCommit whether it does nothing else, so that its error is that of the COMMIT.
   */
  run(transaction: Transaction, isOnlyCommit: boolean, run: () => Promise<unknown>): Promise<unknown>
}

export function createCommits(): Commits {
  const states = new WeakMap<Transaction, 'done' | 'unsure'>()
  const endedBodies = new WeakSet<Transaction>()
  return {
    stateOf: (transaction) => states.get(transaction) ?? 'none',
    markImplicit(transaction) {
      transaction.discardRows()
      if (!states.has(transaction)) states.set(transaction, 'done')
    },
    endBody: (transaction) => void endedBodies.add(transaction),
    hasEndedBody: (transaction) => endedBodies.has(transaction),
    async run(transaction, isOnlyCommit, run) {
      const before = states.get(transaction)
      states.set(transaction, 'unsure')
      const settle = (state: 'done' | undefined): void => {
        if (before === 'unsure') return
        if (state ?? before) states.set(transaction, state ?? 'done')
        else states.delete(transaction)
      }
      try {
        const result = await run()
        settle('done')
        // PostgreSQL answers the COMMIT of an aborted transaction with ROLLBACK, which some drivers expose.
        if ((result as { command?: unknown } | undefined)?.command === 'ROLLBACK') transaction.discardRows()
        return result
      } catch (error) {
        if (isOnlyCommit && commitFailed(error)) settle(undefined)
        // DDL commits before it is executed.
        else if (!isOnlyCommit && statementFailed(error)) settle('done')
        throw error
      }
    },
  }
}
