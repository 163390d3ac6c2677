import type { Clock } from '@larder/core/host'
import { createHistory, type Observation, type StaleRead } from '@larder/testing'

/** What each process has to know by now, so that less than that is stale. */
export interface Knowledge {
  /** To be called with what a write of this process stored, once it has returned. */
  wrote(process: number, observed: readonly Observation[]): void
  /** @returns a function to call with what the read returned. */
  reading(process: number, label: string): (observed: readonly Observation[]) => void
  /** To be called whenever time has passed, with the number of states the database has had so far. */
  passed(states: number): void
  /** The oldest state that a read which begins now may return. */
  oldest(states: number): number
  readonly stale: readonly StaleRead[]
}

/** Everybody knows at once what anybody wrote or saw. */
export function shared(): Knowledge {
  const { wrote, reading, stale } = createHistory()
  return {
    wrote: (_, observed) => wrote(observed),
    reading: (_, label) => reading(label),
    passed: () => {},
    oldest: (states) => states - 1,
    stale,
  }
}

/** A process knows its own writes at once; whatever else anybody wrote or saw, `bound` milliseconds later. */
export function bounded(clock: Clock, processes: number, bound: number): Knowledge {
  const floors = Array.from(
    { length: processes },
    () => new Map<string, Omit<StaleRead, 'version' | 'label'>>(),
  )
  const stale: StaleRead[] = []
  const instants: { readonly at: number; readonly states: number }[] = [{ at: clock.now(), states: 1 }]
  // A message exactly as old as the bound may be on its way still.
  const later = bound + 1
  const raise = (
    process: number,
    evidence: StaleRead['knownFrom'],
    observed: readonly Observation[],
  ): void => {
    const floor = floors[process]
    for (const { row, version } of observed)
      if (version > (floor?.get(row)?.floor ?? 0))
        floor?.set(row, { row, floor: version, knownFrom: evidence })
  }
  return {
    wrote(process, observed) {
      for (const index of floors.keys())
        if (index === process) raise(index, 'write', observed)
        else clock.after(later, () => raise(index, 'write', observed))
    },
    reading(process, label) {
      const begun = new Map(floors[process])
      return (observed) => {
        for (const { row, version } of observed) {
          const floor = begun.get(row)
          if (floor && version < floor.floor) stale.push({ ...floor, version, label })
        }
        for (const index of floors.keys()) clock.after(later, () => raise(index, 'read', observed))
      }
    },
    passed: (states) => void instants.push({ at: clock.now(), states }),
    oldest() {
      const before = instants.findLast(({ at }) => at <= clock.now() - later)
      return (before?.states ?? 1) - 1
    },
    stale,
  }
}
