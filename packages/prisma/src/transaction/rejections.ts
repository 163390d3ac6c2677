import type { Transaction } from '@larder/core/host'
import { statementFailed } from './outcome.ts'
import { isInteractive, type Place } from './place.ts'

/** The interactive transactions in which an operation was rejected. */
export interface Rejections {
  /**
   * Runs an operation of a transaction. Once one was rejected, MySQL and SQLite may have rolled the whole transaction
   * back and gone on without one (a deadlock, a full disk): see {@link Rejections.mayBeOver}.
   */
  watch<T>(place: Place, run: () => Promise<T>): Promise<T>
  /** True if a write at this place may commit by itself. Call `Transactions.broken` before it is sent. */
  mayBeOver(place: Place): boolean
  /** False once an operation was rejected by anything but the database. */
  allAnswered(root: Transaction): boolean
}

export function createRejections(): Rejections {
  const rejected = new WeakSet<Transaction>()
  const unanswered = new WeakSet<Transaction>()
  return {
    watch(place, run) {
      const ended = run()
      if (isInteractive(place))
        ended.catch((error) => {
          rejected.add(place.root)
          if (!statementFailed(error)) unanswered.add(place.root)
        })
      return ended
    },
    mayBeOver: (place) => isInteractive(place) && rejected.has(place.root),
    allAnswered: (root) => !unanswered.has(root),
  }
}
