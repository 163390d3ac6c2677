import type { Observation } from '@larder/testing'

/** A read that returned less than it had to. */
export interface Behind {
  readonly row: string
  readonly version: number
  readonly floor: number
  readonly label: string
}

/**
 * Watches reads and writes of several members as they begin and end. A read may not return less than the newest write
 * of its own member that returned before it began; nor less than what any member's write or read had returned `slack`
 * milliseconds before it began. Without slack that is the strict rule.
 */
export interface SlackHistory {
  /** A write returned. @param states how many states the database had by then. */
  wrote(member: number, observed: readonly Observation[], states: number): void
  /** @returns a function to call with what the read returned. */
  reading(member: number, label: string): (observed: readonly Observation[]) => void
  /** The most states there were when a write returned that everybody has to know by now; 0: there is none. */
  settledStates(): number
  readonly stale: readonly Behind[]
}

/** Counts states under a name of their own. */
const STATES = ' states'

export function createSlackHistory(slack: number): SlackHistory {
  /** What everybody has to know. */
  const settled = new Map<string, number>()
  /** What each member wrote itself. */
  const ownFloors = new Map<number, Map<string, number>>()
  const young: { readonly at: number; readonly observed: readonly Observation[] }[] = []
  const stale: Behind[] = []

  const raise = (floors: Map<string, number>, observed: readonly Observation[]): void => {
    for (const { row, version } of observed) if (version > (floors.get(row) ?? 0)) floors.set(row, version)
  }
  const settle = (): void => {
    const before = performance.now() - slack
    while (young[0] && young[0].at <= before) raise(settled, young.shift()?.observed ?? [])
  }
  const floorsOf = (member: number): ReadonlyMap<string, number> => {
    settle()
    const floors = new Map(settled)
    raise(
      floors,
      [...(ownFloors.get(member) ?? [])].map(([row, version]) => ({ row, version })),
    )
    return floors
  }
  const returned = (observed: readonly Observation[]): void => {
    young.push({ at: performance.now(), observed })
  }
  return {
    stale,
    wrote(member, observed, states) {
      const mine = ownFloors.get(member) ?? new Map<string, number>()
      ownFloors.set(member, mine)
      raise(mine, observed)
      returned([...observed, { row: STATES, version: states }])
    },
    reading(member, label) {
      const floors = floorsOf(member)
      return (observed) => {
        for (const { row, version } of observed) {
          const floor = floors.get(row) ?? 0
          if (version < floor) stale.push({ row, version, floor, label })
        }
        returned(observed)
      }
    },
    settledStates() {
      settle()
      return settled.get(STATES) ?? 0
    },
  }
}
