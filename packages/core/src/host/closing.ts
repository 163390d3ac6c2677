import { type Clock, endsWithin } from '../base/clock.ts'
import type { Journal } from '../marks/journal.ts'
import type { PendingWrites } from '../marks/pending-writes.ts'
import type { Events } from '../report/events.ts'
import type { GuardedStore } from '../store/guard.ts'

/** How long `close` waits for invalidations and entries on their way, and then for the store to close, in milliseconds. */
const CLOSING = 1_000

/** What closing a cache needs. */
export interface ClosingDeps {
  readonly clock: Clock
  readonly events: Events
  readonly store: GuardedStore
  readonly journal: Journal
  readonly pendingWrites: PendingWrites
  /** Entries that are about to be sent to the store. */
  readonly storing: ReadonlyMap<string, Promise<void>>
}

/** The end of a cache. */
export interface Closing {
  /** Waits for what is on its way, two seconds at most. Called again it does nothing more. */
  close(): Promise<void>
  /** Call it for everything that invalidates. Warns once, if the cache is closed, that no other process learns of the write. */
  noteWrite(operation: string): void
}

export function createClosing(deps: ClosingDeps): Closing {
  const { clock, events, store, journal, pendingWrites, storing } = deps
  let closing: Promise<void> | undefined
  let warned = false

  const warn = (code: string, message: string): void => {
    if (!events.hasListener('warning'))
      process.emitWarning(`Larder: ${message}`, { code: `LARDER_${code.replaceAll('-', '_').toUpperCase()}` })
    events.emit('warning', { code, message })
  }
  const close = async (): Promise<void> => {
    void journal.replay()
    const idle = endsWithin(clock, CLOSING, pendingWrites.idle())
    // Without the entries, a script that reads once and closes would never share what it loaded.
    const entries = endsWithin(
      clock,
      CLOSING,
      Promise.all(storing.values()).then(() => store.stored()),
    )
    const delivered = await idle
    await entries
    if (!delivered && store.source === 'store') warn('close-pending', PENDING)
    await endsWithin(clock, CLOSING, store.close())
  }
  return {
    close() {
      closing ??= close()
      return closing
    },
    noteWrite(operation) {
      if (warned || !store.closed) return
      warned = true
      warn(
        'write-after-close',
        `${operation} came after cache.close() and invalidated nothing: other processes may serve what was there before until its ttl. Close the cache after the last write`,
      )
    },
  }
}

const PENDING =
  'cache.close() gave up after a second: the store has not acknowledged an invalidation, or the outcome of a write is unknown. Other processes may serve what was there before, at most until its ttl'
