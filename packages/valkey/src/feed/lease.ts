import type { Lease } from '@larder/core/store'

/** The leases for what one server answers. There is one at a time, for all its answers. */
export interface Leases {
  /** The lease of the server of this name, if it holds. */
  of(life: string): Lease | undefined
  /** The server of this name gave a sign of life: the lease holds until then, and begins if there is none. */
  lengthen(life: string, until: number): void
  /** Ends the lease. @returns whether there was one. */
  end(): boolean
}

const OVER = Number.NEGATIVE_INFINITY

/** @param now monotonic milliseconds, the measure of `until` too. */
export function createLeases(now: () => number): Leases {
  let given: { readonly life: string; readonly lease: RunningLease } | undefined
  return {
    of: (life) => (given?.life === life && given.lease.holds() ? given.lease : undefined),
    lengthen(life, until) {
      if (given?.life === life && given.lease.holds()) given.lease.lengthen(until)
      else {
        given?.lease.end()
        given = { life, lease: runningLease(now, until) }
      }
    },
    end() {
      const had = given !== undefined
      given?.lease.end()
      given = undefined
      return had
    },
  }
}

interface RunningLease extends Lease {
  lengthen(until: number): void
  end(): void
}

/** Asking it is a look at the clock and a comparison: it stands in the way of every hit from memory. */
function runningLease(now: () => number, until: number): RunningLease {
  let end = until
  return {
    holds() {
      if (now() < end) return true
      // Said once, said for ever: a sign of life that comes late begins another lease.
      end = OVER
      return false
    },
    lengthen(later) {
      end = later
    },
    end() {
      end = OVER
    },
  }
}
