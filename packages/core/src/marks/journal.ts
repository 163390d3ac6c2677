import type { Clock } from '../base/clock.ts'
import type { Events } from '../report/events.ts'
import type { GuardedStore } from '../store/guard.ts'
import type { FinishRequest } from '../store/store.ts'
import { type Backlog, type BacklogItem, createBacklog } from './backlog.ts'
import type { PendingWrites } from './pending-writes.ts'

/** First pause before a failed finish is sent again, in milliseconds. It doubles up to the last. */
const PAUSE_FIRST = 50
const PAUSE_LAST = 2_000
/** Records whose finishes are sent at the same time. */
const AT_ONCE = 16

/**
 * Keeps the finishes and invalidations that the store has not acknowledged, and sends them again with growing pauses until
 * it does. Meanwhile reads of this process that they affect bypass the cache. Nothing is lost while the process lives, and
 * memory is bounded: see {@link createBacklog}.
 */
export interface Journal {
  /** Adds finishes. Does nothing if the store is closed: nothing stale can come from it then. */
  add(requests: readonly FinishRequest[]): void
  addEverything(): void
  /** Sends everything now. Resolves when each finish was acknowledged or failed again. */
  replay(): Promise<void>
  /** How much it keeps. */
  readonly backlog: Pick<Backlog, 'records' | 'cells'>
}

export interface JournalDeps {
  readonly store: GuardedStore
  readonly clock: Clock
  readonly events: Events
  readonly pendingWrites: PendingWrites
}

export function createJournal({ store, clock, events, pendingWrites }: JournalDeps): Journal {
  const backlog = createBacklog(pendingWrites, () => {
    const message =
      'too many invalidations are waiting for the store. Every read of this process bypasses the cache until the store answers, and then everything is invalidated'
    events.emit('warning', { code: 'journal-overflow', message })
  })
  let pause = PAUSE_FIRST
  let replaying: Promise<void> | undefined
  let cancel: (() => void) | undefined

  const replayLater = (): void => {
    if (replaying || cancel) return
    cancel = clock.after(pause, () => {
      cancel = undefined
      void pass()
    })
  }
  const sendFinishes = async (requests: readonly FinishRequest[]): Promise<boolean> => {
    const answers = await Promise.all(requests.map((request) => store.finish(request)))
    return answers.every(({ ok }) => ok)
  }
  /** Sends the first request alone, because it invalidates everything. The others only remove marks. */
  const send = async ({ requests, acknowledge, postpone }: BacklogItem): Promise<boolean> => {
    const acknowledged = requests
      ? (await sendFinishes(requests.slice(0, 1))) && (await sendFinishes(requests.slice(1)))
      : (await store.invalidateAll()).ok
    if (acknowledged) acknowledge()
    else postpone()
    return acknowledged
  }
  /** Stops at the first group of which nothing arrived. What failed is tried again after what was not tried. */
  const sendAll = async (): Promise<void> => {
    const items = backlog.items()
    for (let from = 0; from < items.length && !store.closed; from += AT_ONCE) {
      const sent = await Promise.all(items.slice(from, from + AT_ONCE).map(send))
      if (!sent.includes(true)) return
    }
  }
  const pass = (): Promise<void> => {
    cancel?.()
    cancel = undefined
    pause = Math.min(pause * 2, PAUSE_LAST)
    replaying ??= sendAll().finally(() => {
      replaying = undefined
      if (store.closed) backlog.clear()
      if (backlog.empty) pause = PAUSE_FIRST
      else replayLater()
    })
    return replaying
  }
  return {
    backlog,
    add(requests) {
      if (store.closed) return
      for (const request of requests) backlog.add(request)
      if (requests.length) replayLater()
    },
    addEverything() {
      if (store.closed) return
      backlog.addEverything()
      replayLater()
    },
    async replay() {
      if (backlog.empty) return
      // A running pass may have started too early. What it leaves is sent again soon.
      pause = PAUSE_FIRST
      await pass()
    },
  }
}
