import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate } from 'node:timers'
import { createBounded } from '../base/bounded-map.ts'
import type { Clock } from '../base/clock.ts'
import type { Events } from '../report/events.ts'

/** Pause after a refresh that failed, in milliseconds. It doubles with each failure in a row, up to the last. */
const PAUSE_FIRST = 1_000
const PAUSE_LAST = 30_000
/** A refresh that takes longer, in milliseconds, no longer keeps the next one of its key from starting. */
const LONGEST = 60_000
/** Keys whose failures are remembered. */
const MOST_FAILURES = 10_000
/** Keys whose last result could not be stored. */
const MOST_SUPERSEDED = 10_000

/** The background refreshes of one cache: at most one per key at a time. */
export interface Refreshes {
  /**
   * Runs `work` in a later turn of the event loop, unless a refresh of the key is running or has failed lately. A failure
   * becomes a `warning` event.
   * @param inContext true to run it in the caller's asynchronous context, instead of the one in which the cache was made.
   */
  start(key: string, operation: string, work: () => unknown, inContext: boolean): void
  /**
   * Keeps the stored entry of a key from being served once it has expired, for `milliseconds`: the database has given another
   * result, and that cannot be stored. Without this each hit would begin a refresh, to no effect.
   */
  supersede(key: string, milliseconds: number): void
  /** A result of the key is stored: its entry may be served after its expiry again. */
  restore(key: string): void
  isSuperseded(key: string): boolean
  /** Begins none from now on: the database may be closed next. */
  close(): void
}

interface Failure {
  readonly until: number
  readonly pause: number
}

/** Ends a refresh that must not run now: see `ReadPlan.mayRun`. */
export const NOT_NOW: Error = new Error('a transaction is open on the connection of the query')

export function createRefreshes(clock: Clock, events: Pick<Events, 'emit'>): Refreshes {
  const outside = AsyncLocalStorage.snapshot()
  /** When the running refresh of each key began. */
  const running = new Map<string, number>()
  const failures = createBounded<Failure>(MOST_FAILURES)
  const superseded = createBounded<{ readonly until: number }>(MOST_SUPERSEDED)
  let closed = false
  const failed = (key: string, operation: string, error: unknown): void => {
    const pause = Math.min(2 * (failures.get(key)?.pause ?? PAUSE_FIRST / 2), PAUSE_LAST)
    failures.set(key, { until: clock.now() + pause, pause })
    const message = `${operation} could not be refreshed in the background. The next attempt is made in ${pause / 1_000} s at the earliest: ${String(error)}`
    events.emit('warning', { code: 'refresh-failed', message })
  }
  const run = async (key: string, operation: string, work: () => unknown, began: number): Promise<void> => {
    try {
      if (!closed) await work()
      failures.delete(key)
    } catch (error) {
      if (error !== NOT_NOW) failed(key, operation, error)
    } finally {
      if (running.get(key) === began) running.delete(key)
    }
  }
  return {
    start(key, operation, work, inContext) {
      if (closed) return
      const now = clock.now()
      if (now < (running.get(key) ?? Number.NEGATIVE_INFINITY) + LONGEST) return
      const failure = failures.get(key)
      if (failure && now < failure.until) return
      running.set(key, now)
      const begin = (): void => void setImmediate(run, key, operation, work, now)
      if (inContext) begin()
      else outside(begin)
    },
    supersede: (key, milliseconds) => superseded.set(key, { until: clock.now() + milliseconds }),
    restore: (key) => void superseded.delete(key),
    isSuperseded: (key) => (superseded.get(key)?.until ?? Number.NEGATIVE_INFINITY) > clock.now(),
    close() {
      closed = true
    },
  }
}
