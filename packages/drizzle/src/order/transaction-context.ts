import { CacheError } from '@larder/core'
import type { StatementOrder, Transaction, Turn } from '@larder/core/host'
import type { Rejections } from './rejections.ts'
import { inOrder, type StatementContext } from './statement-context.ts'

/** The statements that Drizzle sends after the body of a transaction or savepoint. */
const END_STATEMENTS = {
  transaction: /^(?:commit|rollback)$/i,
  savepoint: /^(?:release|rollback to) savepoint \w+$/i,
} as const

/** The context of the statements in a transaction, or in a savepoint. */
export interface TransactionContext extends StatementContext {
  readonly transaction: Transaction
  readonly ended: boolean
  /** The context of a new savepoint inside this one. */
  createSavepoint(): TransactionContext
  /**
   * Runs the call that begins the savepoint. The statements that Drizzle sends synchronously in that call belong to it.
   * @throws CacheError `LARDER_TRANSACTION_ENDED`, as a rejection.
   */
  begin<T>(run: () => Promise<T>): Promise<T>
  /**
   * Ends the body: later statements are rejected. Reserves the next turn on the connection for the COMMIT or ROLLBACK
   * that Drizzle is about to send.
   * @returns a promise for the sending of all statements called before. Undefined: they have been sent.
   */
  end(): Promise<void> | undefined
  /** Rejects Drizzle's own statements as well, now that it has sent them. */
  close(): void
}

interface TransactionContextDeps {
  readonly transaction: Transaction
  readonly order: StatementOrder
  readonly rejections: Rejections | undefined
  /** The context around a savepoint. Undefined for a transaction. */
  readonly parent: TransactionContext | undefined
}

export function createTransactionContext({
  transaction,
  order,
  rejections,
  parent,
}: TransactionContextDeps): TransactionContext {
  const kind = parent ? 'savepoint' : 'transaction'
  let state: 'open' | 'ended' | 'closed' = 'open'
  let beginning = false
  let reserved: Turn | undefined

  const hasEnded = (): boolean => state !== 'open' || parent?.ended === true
  const takeTurn = (text: string): Turn | undefined => {
    if (!hasEnded()) return order.enter()
    if (state !== 'ended' || !END_STATEMENTS[kind].test(text)) return undefined
    const turn = reserved ?? (parent?.ended ? undefined : order.enter())
    reserved = undefined
    return turn
  }
  const context: TransactionContext = {
    transaction,
    get ended() {
      return hasEnded()
    },
    createSavepoint: () => createTransactionContext({ transaction, order, rejections, parent: context }),
    run(statement, work) {
      const guarded = rejections ? rejections.guard(statement, work) : work
      if (beginning) return inOrder(undefined, guarded)
      const turn = takeTurn(statement.text)
      return turn ? inOrder(order, guarded, turn) : Promise.reject(endedError(kind))
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
  return context
}

function endedError(kind: 'transaction' | 'savepoint'): CacheError {
  return new CacheError(
    'LARDER_TRANSACTION_ENDED',
    `a statement was called on a ${kind} that has ended, so it was not sent: await every statement before the callback of the ${kind} returns`,
  )
}
