import type { Clock } from '../base/clock.ts'
import { afterPendingIo } from '../store/deadline.ts'

/** How long the cache may delay one transaction in total, in milliseconds. */
const TRANSACTION_BUDGET = 100
/** A timer that fires this late, in milliseconds, means that the event loop was blocked. */
const OVERSLEPT = 10
/** The extra time a wait then gets once, in milliseconds, because the reply may have arrived in the meantime. */
const GRACE = 25

/**
 * How long the cache may delay one transaction, all waits added up, because the transaction holds a connection and row locks
 * meanwhile. Simultaneous waits count once.
 */
export interface Budget {
  /** Settles with `wait`, or resolves when the budget is used up. */
  spend(wait: Promise<void>): Promise<void>
}

export function createBudget(clock: Clock, budget: number = TRANSACTION_BUDGET): Budget {
  let [spent, waiting, since] = [0, 0, 0]
  const remaining = (): number => budget - spent - (waiting ? clock.now() - since : 0)

  return {
    async spend(wait) {
      if (remaining() <= 0) return
      const stop = deadlineIn(clock, remaining())
      if (!waiting++) since = clock.now()
      try {
        await Promise.race([wait, stop.over])
      } finally {
        stop.cancel()
        if (!--waiting) spent += clock.now() - since
      }
    },
  }
}

interface Stop {
  readonly over: Promise<void>
  cancel(): void
}

/** Replies that have arrived when the time is over count: a blocked event loop does not count as a slow store. */
function deadlineIn(clock: Clock, ms: number): Stop {
  const { promise, resolve } = Promise.withResolvers<void>()
  const due = clock.now() + ms
  const end = (): void => afterPendingIo(resolve)
  let cancel = clock.after(ms, () => {
    if (clock.now() - due < OVERSLEPT) end()
    else cancel = clock.after(GRACE, end)
  })
  return { over: promise, cancel: () => cancel() }
}
