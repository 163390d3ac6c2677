import type { Clock } from '../base/clock.ts'
import type { Events } from '../report/events.ts'
import type { Transaction } from './transaction.ts'

/**
 * A transaction whose end is one `write` event. `awaited`: whether whoever ends it waits for the acknowledgement.
 */
export function toldTransaction(
  transaction: Transaction,
  { clock, events }: { readonly clock: Clock; readonly events: Events },
  awaited: boolean,
): Transaction {
  const started = clock.now()
  return {
    ...transaction,
    get open() {
      return transaction.open
    },
    get refusal() {
      return transaction.refusal
    },
    async end(outcome) {
      const tables = transaction.tables()
      const finished = transaction.end(outcome)
      if (tables.length && events.heard('write')) {
        const duration = clock.now() - started
        events.emit('write', { operation: '$transaction', tables, outcome, duration })
      }
      if (awaited) await finished
    },
  }
}
