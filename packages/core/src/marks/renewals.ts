import type { Clock } from '../base/clock.ts'
import type { GuardedStore } from '../store/guard.ts'
import { MARK_LIFETIME } from './record-marks.ts'

/** How often marks are renewed, in milliseconds. */
const PERIOD = MARK_LIFETIME / 3
/** Timers may fire this much too early (ms). */
const EARLY = 1

/** The marks of one write. */
export interface RenewableMarks {
  /** Sends them again. */
  renew(): void
}

/**
 * Renews marks at a third of their lifetime, until they are removed. All writes of a cache share one timer, because one for
 * each of them would cost more than its mark.
 */
export interface Renewals {
  add(marks: RenewableMarks): void
  remove(marks: RenewableMarks): void
}

/** Marks in this process have no deadline and cannot be lost. */
const NONE: Renewals = { add() {}, remove() {} }

export function createRenewals({ source }: Pick<GuardedStore, 'source'>, clock: Clock): Renewals {
  if (source === 'memory') return NONE
  /** When marks are due, the earliest first. */
  const due = new Map<RenewableMarks, number>()
  let armed = false

  const arm = (): void => {
    const [first] = due.values()
    armed = first !== undefined
    if (first !== undefined) clock.after(Math.max(0, first - clock.now()), fired)
  }
  const fired = (): void => {
    const now = clock.now()
    for (const [marks, at] of due) {
      if (at - now > EARLY) break
      due.delete(marks)
      due.set(marks, now + PERIOD)
      marks.renew()
    }
    arm()
  }
  return {
    add(marks) {
      due.set(marks, clock.now() + PERIOD)
      if (!armed) arm()
    },
    // The timer is left to fire, because the next write would set it again.
    remove: (marks) => void due.delete(marks),
  }
}
