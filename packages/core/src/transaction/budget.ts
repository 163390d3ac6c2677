import type { Clock } from '../base/clock.ts'
import { afterPendingIo } from '../store/deadline.ts'

/** How long the cache may hold up one transaction in all, in milliseconds. */
const TRANSACTION_BUDGET = 100
/** A timer that fires this much late, in milliseconds, tells of a process that was busy with something else. */
const OVERSLEPT = 10
/** What a wait gets then, once: the answer may be on its way since the process is free again. */
const GRACE = 25

/**
 * What one transaction may be held up by the cache, all its waits added up: it holds a connection and row locks
 * meanwhile. Waits at the same time count once.
 */
export interface Budget {
  /** Settles with `wait`, or resolves when the budget is spent. Never rejects for want of time. */
  spend(wait: Promise<void>): Promise<void>
}

export function createBudget(clock: Clock, budget: number = TRANSACTION_BUDGET): Budget {
  let [spent, waiting, since] = [0, 0, 0]
  const left = (): number => budget - spent - (waiting ? clock.now() - since : 0)

  return {
    async spend(wait) {
      if (left() <= 0) return
      const stop = deadlineIn(clock, left())
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

/** Answers that are here already when the time is over count: a blocked event loop is no sign of a slow store. */
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
