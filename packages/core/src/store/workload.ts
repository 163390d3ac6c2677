import type { Clock } from '../base/clock.ts'

/** A sample serves every call of so many milliseconds. */
const SAMPLE = 5
/** Share of the time in which a process that is busy has something to do. */
const BUSY = 0.9

/** How much this process had worked at some instant. */
export interface Sample {
  readonly at: number
  readonly worked: number
}

/** Tells whether this process, and nobody else, is what calls wait for. */
export interface Workload {
  /** @param now by the clock. */
  sample(now: number): Sample
  /** True if its event loop has had something to do nearly all the time since then. */
  busySince(sample: Sample): boolean
}

/** Where the clock cannot tell, the process counts as idle. */
export function createWorkload(clock: Clock): Workload {
  const worked = (): number => clock.worked?.() ?? 0
  let latest: Sample = { at: Number.NEGATIVE_INFINITY, worked: 0 }
  return {
    sample(now) {
      if (now - latest.at >= SAMPLE) latest = { at: now, worked: worked() }
      return latest
    },
    busySince: (since) => worked() - since.worked > BUSY * (clock.now() - since.at),
  }
}
