import type { Engine, StatementOrder, Transaction } from '@larder/core/host'
import type { OperationTransaction } from '../internals.ts'
import type { Announcements } from './announcements.ts'
import { runArray } from './array-transaction.ts'
import {
  type BeginTransaction,
  type Body,
  createInteractiveState,
  isTransactionClient,
  runInteractive,
  sealMaybeCommitted,
} from './interactive-transaction.ts'
import type { InteractiveScopes } from './open-scopes.ts'
import type { Rejections } from './rejections.ts'
import { isInteractive, type TransactionContext } from './transaction-context.ts'

/** The open transactions of one client and all its extended forms. */
export interface Transactions extends Pick<Rejections, 'watch' | 'mayHaveEnded'> {
  /** Runs Prisma's `$transaction` with marks around its COMMIT. `client` is the client it was called on. */
  run(begin: BeginTransaction, client: unknown, input: unknown, options: unknown): Promise<unknown>
  /** The context of every operation without a transaction, if it is always the same: the client has several connections. */
  readonly outside: TransactionContext | undefined
  /** The transaction of an operation, by the id that Prisma passes. The asynchronous context only tells nested scopes apart. */
  contextOf(transaction: OperationTransaction | undefined): TransactionContext
  /**
   * Marks everything that `scope` and its parents wrote. Call it before a statement that may commit them by itself, such as
   * raw SQL that ends the transaction. From then on their rejection proves no rollback.
   * @throws CacheError as `Transaction.seal` does. The statement must not be sent then.
   */
  sealAll(scope: Transaction): Promise<void>
  /**
   * Resolves when the transaction has ended. Undefined: its body has not returned yet, or a nested transaction is open. Prisma
   * refuses what is called in between, so it must not be sent while Larder waits for its marks.
   */
  ending(context: TransactionContext): Promise<void> | undefined
  /** False while a transaction is open on the only connection of the client. */
  readonly idle: boolean
}

/**
 * The one file that knows how Prisma's transactions begin, nest and end.
 * @param order of the statements outside interactive transactions, where the client has a single connection.
 * @param announcements undefined: nobody sees what the driver is given.
 */
export function createTransactions(
  engine: Engine,
  order: StatementOrder | undefined,
  announcements: Announcements | undefined,
): Transactions {
  const batches = new WeakMap<Transaction, () => void>()
  const state = createInteractiveState(engine, announcements)
  let open = 0
  const counted = (running: Promise<unknown>): Promise<unknown> => {
    const ended = (): void => {
      open--
    }
    open++
    running.then(ended, ended)
    return running
  }
  const orderNow = () => order && orderOutside(engine.current(), batches, order)

  return {
    run(begin, client, input, options) {
      const run = (): Promise<unknown> =>
        typeof input === 'function'
          ? runInteractive(state, begin, client, input as Body, options)
          : begin.call(client, input, options)
      // Inside an interactive transaction Prisma runs an array one by one, each operation told as its own.
      if (isTransactionClient(client)) return run()
      if (typeof input === 'function') return counted(orderNow()?.enter().send(run) ?? run())
      const { maybeCommitted } = state
      const deps = { engine, batches, maybeCommitted, announcements, order: orderNow() }
      return counted(runArray(deps, input, run))
    },
    get idle() {
      return !order || open === 0
    },
    sealAll: (scope) => sealMaybeCommitted(state.scopes.stackOf(scope), state.maybeCommitted),
    watch: state.rejections.watch,
    mayHaveEnded: state.rejections.mayHaveEnded,
    ending: (context) =>
      isInteractive(context) && context.scope === context.root && !state.nested.has(context.root)
        ? state.endings.get(context.root)
        : undefined,
    outside: order ? undefined : { kind: 'outside' },
    contextOf: (transaction) =>
      transaction ? contextIn(transaction, engine.current(), batches, state.scopes) : outsideOf(orderNow()),
  }
}

const outsideOf = (order: StatementOrder | undefined): TransactionContext => ({ kind: 'outside', order })

/** The order outside transactions. What hooks of an array's operations call must not wait for the array: it waits for them. */
function orderOutside(
  current: Transaction | undefined,
  batches: WeakMap<Transaction, () => void>,
  order: StatementOrder,
): StatementOrder | undefined {
  return current?.open && batches.has(current) ? undefined : order
}

function contextIn(
  { kind, id }: OperationTransaction,
  current: Transaction | undefined,
  batches: WeakMap<Transaction, () => void>,
  interactive: InteractiveScopes,
): TransactionContext {
  if (kind === 'batch') {
    const queued = current && batches.get(current)
    return current && queued ? { kind: 'inside', scope: current, root: current, queued } : { kind: 'unknown' }
  }
  const open = interactive.find(String(id))
  const scope = current && open?.scopes.includes(current) ? current : open?.scopes.at(-1)
  if (!open || !scope) return { kind: 'unknown' }
  return { kind: 'inside', scope, root: open.scopes[0] ?? scope, order: open.order }
}
