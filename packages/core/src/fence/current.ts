import { AsyncLocalStorage } from 'node:async_hooks'
import type { Transaction } from './transaction.ts'

/** The transaction that the running code belongs to, however many awaits deep. */
export interface CurrentTransaction {
  /** Runs `body` inside `transaction`. The body is awaited inside, for a lazy promise starts only then. */
  run<T>(transaction: Transaction, body: () => PromiseLike<T>): Promise<T>
  /** Undefined outside, and after the transaction has ended. */
  get(): Transaction | undefined
}

export function createCurrentTransaction(): CurrentTransaction {
  const storage = new AsyncLocalStorage<Transaction>()
  return {
    run: (transaction, body) => storage.run(transaction, async () => await body()),
    get: () => {
      const found = storage.getStore()
      return found?.open ? found : undefined
    },
  }
}
