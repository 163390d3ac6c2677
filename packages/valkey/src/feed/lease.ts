import type { Lease } from '@larder/core'

/** A lease and the hand that lengthens it. */
export interface RunningLease extends Lease {
  /** Holds until then, unless it ended already. */
  extend(until: number): void
  end(): void
}

const OVER = Number.NEGATIVE_INFINITY

/**
 * One lease for everything answered since it began: asking it is a look at the clock and a comparison.
 * @param now monotonic milliseconds, the measure of `until` too.
 */
export function createLease(now: () => number, until: number): RunningLease {
  let end = until
  return {
    holds() {
      if (now() < end) return true
      // Said once, said for ever: the signs of life that come late lengthen another lease.
      end = OVER
      return false
    },
    extend(later) {
      if (end !== OVER) end = later
    },
    end() {
      end = OVER
    },
  }
}
