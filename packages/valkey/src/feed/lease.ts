import type { Lease } from '@larder/core/store'

/** The leases of one server. There is one at a time, for all its replies. */
export interface Leases {
  /** The lease of this incarnation, if it holds. */
  of(incarnation: string): Lease | undefined
  /** A heartbeat of this incarnation arrived: its lease holds until `until`. Begins a lease if there is none. */
  extend(incarnation: string, until: number): void
  /** Ends the lease. @returns whether there was one. */
  end(): boolean
}

const ENDED = Number.NEGATIVE_INFINITY

/** @param now monotonic milliseconds, on the same clock as `until`. */
export function createLeases(now: () => number): Leases {
  let current: { readonly incarnation: string; readonly lease: RunningLease } | undefined
  return {
    of: (incarnation) =>
      current?.incarnation === incarnation && current.lease.holds() ? current.lease : undefined,
    extend(incarnation, until) {
      if (current?.incarnation === incarnation && current.lease.holds()) current.lease.extend(until)
      else {
        current?.lease.end()
        current = { incarnation, lease: runningLease(now, until) }
      }
    },
    end() {
      const had = current !== undefined
      current?.lease.end()
      current = undefined
      return had
    },
  }
}

interface RunningLease extends Lease {
  extend(until: number): void
  end(): void
}

/** `holds` reads the clock and compares, because every hit from memory calls it. */
function runningLease(now: () => number, until: number): RunningLease {
  let end = until
  return {
    holds() {
      if (now() < end) return true
      // Once over, it stays over: a late heartbeat begins another lease.
      end = ENDED
      return false
    },
    extend(later) {
      end = later
    },
    end() {
      end = ENDED
    },
  }
}
