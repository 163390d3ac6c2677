import type { Events } from '../report/events.ts'

/** Whether this process can use the store. Each change is a `store-state` event. */
export interface Usability {
  /** The tables of calls that failed. None: there is nothing to acknowledge. */
  readonly failures: { readonly size: number }
  /** Reads are sent to the store, or are not. */
  reads(sent: boolean): void
  /** The store has acknowledged a call of a write to this table. */
  acknowledged(record: string): void
  /** A call of a write failed. The store counts as unavailable until a later call about the same table is acknowledged. */
  failed(record: string): void
}

/** In place of a record: all of them. */
export const EVERYTHING = '*'
/** Maximum number of tables by name. The journal overflows long before. */
const MOST_TABLES = 1_000

export function createUsability(events: Events): Usability {
  const waiting = new Set<string>()
  let readable = true
  let reported = true
  const report = (): void => {
    const usable = readable && !waiting.size
    if (usable === reported) return
    reported = usable
    events.emit('store-state', { state: usable ? 'ready' : 'unavailable' })
  }
  return {
    failures: waiting,
    reads(sent) {
      readable = sent
      report()
    },
    acknowledged(record) {
      if (!waiting.size) return
      if (record === EVERYTHING) waiting.clear()
      else waiting.delete(record)
      report()
    },
    failed(record) {
      if (waiting.size < MOST_TABLES) waiting.add(record)
      report()
    },
  }
}
