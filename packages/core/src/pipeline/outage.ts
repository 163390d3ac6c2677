import type { Clock } from '../base/clock.ts'
import type { Events } from '../report/events.ts'

/** Pause, in milliseconds, between two loads that find out whether the database answers again. */
const PAUSE = 1_000
/** How long such a load may take before another one is sent, in milliseconds. */
const LONGEST = 10_000

/**
 * What is known of the database of one client, from the loads that a stale entry could stand in for. While it cannot be
 * reached, at most one of them is sent each second.
 */
export interface Outage {
  /** True from the first load that found the database unreachable to the first one that did not. */
  readonly active: boolean
  /** Whether a load with a stale entry may ask the database. During an outage, true makes it the one that finds out. */
  mayAsk(): boolean
  /** A load with a stale entry found the database unreachable. */
  failed(error: unknown): void
  /** The database has answered, be it with an error of the query. */
  answered(): void
}

export function createOutage(clock: Clock, events: Pick<Events, 'emit'>): Outage {
  let until = 0
  const outage = {
    active: false,
    mayAsk() {
      if (!outage.active) return true
      const now = clock.now()
      if (now < until) return false
      until = now + LONGEST
      return true
    },
    failed(error: unknown) {
      until = clock.now() + PAUSE
      if (outage.active) return
      outage.active = true
      const message = `the database cannot be reached: expired entries are served for as long as their staleIfError allows, and one query a second finds out whether it answers again: ${String(error)}`
      events.emit('warning', { code: 'database-unreachable', message })
    },
    answered() {
      outage.active = false
    },
  }
  return outage
}
