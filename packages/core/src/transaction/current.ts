import { AsyncLocalStorage } from 'node:async_hooks'
import { processWide } from '../base/process-wide.ts'
import type { Transaction } from './transaction.ts'

/** Counts up with every change of what {@link Transaction} takes from a cache it does not belong to. */
const FORMAT = 'v1'

/** The transaction that the running code belongs to, however many awaits deep. */
export interface CurrentTransaction {
  /** Runs `body` inside `transaction`. The body is awaited inside, for a lazy promise starts only then. */
  run<T>(transaction: Transaction, body: () => PromiseLike<T>): Promise<T>
  /** This cache's own. Undefined outside, and after the transaction has ended. */
  get(): Transaction | undefined
  /** The same, or that of another cache of this process that uses the same tags: another copy of this module began it. */
  joined(): JoinedTransaction | undefined
}

/** A transaction to which an invalidation belongs. */
export type JoinedTransaction =
  | { readonly kind: 'joined'; readonly transaction: Transaction }
  /** Of a version that this one can only ask to call back. */
  | { readonly kind: 'foreign'; onCommit(action: () => Promise<void>): void }

/** One transaction around the running code. Copies of other versions read this: add to it, and change nothing. */
interface Running {
  readonly cache: object
  /** As {@link CurrentTransaction} was made for. */
  readonly place: string | undefined
  readonly format: string
  readonly transaction: Pick<Transaction, 'open' | 'onCommit'>
  readonly outer: Running | undefined
}

/**
 * @param place what caches that use the same tags have in common: store and namespace. Undefined: this cache is the only one.
 */
export function createCurrentTransaction(place?: string): CurrentTransaction {
  const storage = processWide('transactions', () => new AsyncLocalStorage<Running>())
  const cache = {}
  const innermost = (matches: (running: Running) => boolean): Running | undefined => {
    let running = storage.getStore()
    while (running && !matches(running)) running = running.outer
    return running
  }
  const isOwn = (running: Running): boolean => running.cache === cache
  const isJoined = (running: Running): boolean =>
    running.transaction.open && (isOwn(running) || (place !== undefined && running.place === place))
  return {
    run: (transaction, body) => {
      const running: Running = { cache, place, format: FORMAT, transaction, outer: storage.getStore() }
      return storage.run(running, async () => await body())
    },
    get() {
      const transaction = innermost(isOwn)?.transaction
      return transaction?.open ? (transaction as Transaction) : undefined
    },
    joined() {
      const running = innermost(isJoined)
      if (!running) return undefined
      const { transaction } = running
      return running.format === FORMAT
        ? { kind: 'joined', transaction: transaction as Transaction }
        : { kind: 'foreign', onCommit: (action) => transaction.onCommit(action) }
    },
  }
}
