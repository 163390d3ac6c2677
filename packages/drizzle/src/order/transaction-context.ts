import { CacheError } from '@larder/core'
import type { StatementOrder, Transaction, Turn } from '@larder/core/host'
import type { Rejections } from './rejections.ts'
import type { Place } from './statement-context.ts'
import { inOrder } from './statement-order.ts'

/** What Drizzle itself sends when the body of a transaction or of a savepoint is over. */
const ENDING = {
  transaction: /^(?:commit|rollback)$/i,
  savepoint: /^(?:release|rollback to) savepoint \w+$/i,
} as const

/** The place of a transaction's statements, or of a savepoint's. */
export interface TransactionPlace extends Place {
  readonly transaction: Transaction
  readonly ended: boolean
  /** The place of a new savepoint in it. */
  savepoint(): TransactionPlace
  /**
   * Runs what begins the savepoint. Statements that Drizzle sends in this very call are part of it.
   * @throws CacheError `LARDER_TRANSACTION_ENDED` as a rejection.
   */
  begin<T>(run: () => Promise<T>): Promise<T>
  /**
   * Notes that the body is over: from now on a statement is refused. Takes the next place of the connection's order for
   * the COMMIT or ROLLBACK that Drizzle is about to send.
   * @returns when all statements called before have been sent; undefined: they have been.
   */
  end(): Promise<void> | undefined
  /** Notes that Drizzle is done with it, too. */
  close(): void
}

interface Parts {
  readonly transaction: Transaction
  readonly order: StatementOrder
  readonly rejections: Rejections | undefined
  /** What the savepoint is in; undefined for a transaction. */
  readonly parent: TransactionPlace | undefined
}

export function createTransactionPlace({ transaction, order, rejections, parent }: Parts): TransactionPlace {
  const kind = parent ? 'savepoint' : 'transaction'
  let state: 'open' | 'ended' | 'closed' = 'open'
  let beginning = false
  let reserved: Turn | undefined

  const hasEnded = (): boolean => state !== 'open' || parent?.ended === true
  const enter = (text: string): Turn | undefined => {
    if (!hasEnded()) return order.enter()
    if (state !== 'ended' || !ENDING[kind].test(text)) return undefined
    const turn = reserved ?? (parent?.ended ? undefined : order.enter())
    reserved = undefined
    return turn
  }
  const place: TransactionPlace = {
    transaction,
    get ended() {
      return hasEnded()
    },
    savepoint: () => createTransactionPlace({ transaction, order, rejections, parent: place }),
    run(statement, work) {
      const watched = rejections ? rejections.watch(statement, work) : work
      if (beginning) return inOrder(undefined, watched)
      const turn = enter(statement.text)
      return turn ? inOrder(order, watched, turn) : Promise.reject(endedError(kind))
    },
    begin(run) {
      if (hasEnded()) return Promise.reject(endedError(kind))
      return inOrder(order, (turn) =>
        turn.send(() => {
          beginning = true
          try {
            return run()
          } finally {
            beginning = false
          }
        }),
      )
    },
    end() {
      if (state !== 'open') return undefined
      state = 'ended'
      const sent = order.sent()
      reserved = order.enter()
      return sent
    },
    close() {
      state = 'closed'
      reserved?.leave()
      reserved = undefined
    },
  }
  return place
}

function endedError(kind: 'transaction' | 'savepoint'): CacheError {
  return new CacheError(
    'LARDER_TRANSACTION_ENDED',
    `a statement was called on a ${kind} that has ended, so it was not sent: await every statement before the callback of the ${kind} returns`,
  )
}
