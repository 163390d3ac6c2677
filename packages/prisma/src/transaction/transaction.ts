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
  sealUnsure,
} from './interactive-transaction.ts'
import type { InteractiveScopes } from './open-scopes.ts'
import { isInteractive, type Place } from './place.ts'
import type { Rejections } from './rejections.ts'

/** The open transactions of one client and all its extended forms. */
export interface Transactions extends Pick<Rejections, 'watch' | 'mayBeOver'> {
  /** Runs Prisma's `$transaction` with marks around its COMMIT. `client` is the client it was called on. */
  run(begin: BeginTransaction, client: unknown, input: unknown, options: unknown): Promise<unknown>
  /** Attributes an operation by what Prisma says of it; the asynchronous context only tells nested scopes apart. */
  placeOf(transaction: OperationTransaction | undefined): Place
  /**
   * Raw SQL that may end the transaction is about to be sent in `scope`: marks what it and those around it wrote. That
   * they reject proves nothing from now on. Throws as `seal` does, and then it must not be sent.
   */
  broken(scope: Transaction): Promise<void>
  /**
   * Resolves when the transaction of this place has ended. Undefined: its body has not returned yet, or a transaction nested
   * in it is open. Prisma refuses what is called in between, and so it must not be sent while the marks are waited for.
   */
  ending(place: Place): Promise<void> | undefined
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
  const orderNow = () => orderBeside(engine.current(), batches, order)

  return {
    run(begin, client, input, options) {
      const run = (): Promise<unknown> =>
        typeof input === 'function'
          ? runInteractive(state, begin, client, input as Body, options)
          : begin.call(client, input, options)
      // Inside an interactive transaction Prisma runs an array one by one, each operation told as its own.
      if (isTransactionClient(client)) return run()
      if (typeof input === 'function') return orderNow()?.enter().send(run) ?? run()
      return runArray({ engine, batches, unsure: state.unsure, announcements, order: orderNow() }, input, run)
    },
    broken: (scope) => sealUnsure(state.scopes.around(scope), state.unsure),
    watch: state.rejections.watch,
    mayBeOver: state.rejections.mayBeOver,
    ending: (place) =>
      isInteractive(place) && place.scope === place.root && !state.nested.has(place.root)
        ? state.endings.get(place.root)
        : undefined,
    placeOf: (one) => (one ? placeIn(one, engine.current(), batches, state.scopes) : alone(orderNow())),
  }
}

const alone = (order: StatementOrder | undefined): Place => ({ kind: 'alone', order })

/** The order outside transactions. What hooks of an array's operations call must not wait for the array: it waits for them. */
function orderBeside(
  current: Transaction | undefined,
  batches: WeakMap<Transaction, () => void>,
  order: StatementOrder | undefined,
): StatementOrder | undefined {
  return current?.open && batches.has(current) ? undefined : order
}

function placeIn(
  { kind, id }: OperationTransaction,
  current: Transaction | undefined,
  batches: WeakMap<Transaction, () => void>,
  interactive: InteractiveScopes,
): Place {
  if (kind === 'batch') {
    const queued = current && batches.get(current)
    return current && queued ? { kind: 'inside', scope: current, root: current, queued } : { kind: 'lost' }
  }
  const open = interactive.find(String(id))
  const scope = current && open?.scopes.includes(current) ? current : open?.scopes.at(-1)
  if (!open || !scope) return { kind: 'lost' }
  return { kind: 'inside', scope, root: open.scopes[0] ?? scope, order: open.order }
}
