import type { Transaction } from '@larder/core/host'
import { statementFailed } from './outcome.ts'
import { isInteractive, type TransactionContext } from './transaction-context.ts'

/** The interactive transactions in which an operation was rejected. */
export interface Rejections {
  /**
   * Runs an operation of a transaction. Once one was rejected, MySQL and SQLite may have rolled the whole transaction
   * back and gone on without one (a deadlock, a full disk): see {@link Rejections.mayHaveEnded}.
   */
  watch<T>(context: TransactionContext, run: () => Promise<T>): Promise<T>
  /** True if a write in this transaction may commit by itself. Call `Transactions.sealAll` before it is sent. */
  mayHaveEnded(context: TransactionContext): boolean
  /** False once an operation was rejected by anything but the database. */
  allAnswered(root: Transaction): boolean
}

export function createRejections(): Rejections {
  const rejected = new WeakSet<Transaction>()
  const unanswered = new WeakSet<Transaction>()
  return {
    watch(context, run) {
      const ended = run()
      if (isInteractive(context))
        ended.catch((error) => {
          rejected.add(context.root)
          if (!statementFailed(error)) unanswered.add(context.root)
        })
      return ended
    },
    mayHaveEnded: (context) => isInteractive(context) && rejected.has(context.root),
    allAnswered: (root) => !unanswered.has(root),
  }
}
