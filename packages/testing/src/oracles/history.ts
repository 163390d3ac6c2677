/** A number that one write stored in one row; numbers are unique and grow with every change of the row. */
export interface Observation {
  readonly row: string
  readonly version: number
}

/** A read that returned less than somebody already knew. */
export interface StaleRead {
  readonly row: string
  readonly version: number
  /** The least it was allowed to return, and who had seen it. */
  readonly floor: number
  readonly knownFrom: 'write' | 'read'
  readonly label: string
}

/**
 * Watches reads and writes as they begin and end, in one pass: a read may not return less than the newest write that
 * returned before it began, nor less than any read that ended before it began.
 */
export interface History {
  /** To be called with what a write stored, once it has returned. */
  readonly wrote: (observed: readonly Observation[]) => void
  /** @returns a function to call with what the read returned. */
  readonly reading: (label: string) => (observed: readonly Observation[]) => void
  readonly stale: readonly StaleRead[]
}

export function createHistory(): History {
  const floors = new Map<string, { version: number; known: 'write' | 'read' }>()
  const stale: StaleRead[] = []
  const raise = (known: 'write' | 'read', observed: readonly Observation[]): void => {
    for (const { row, version } of observed)
      if (version > (floors.get(row)?.version ?? 0)) floors.set(row, { version, known })
  }
  return {
    stale,
    wrote: (observed) => raise('write', observed),
    reading(label) {
      const begun = new Map(floors)
      return (observed) => {
        for (const { row, version } of observed) {
          const floor = begun.get(row)
          if (floor && version < floor.version)
            stale.push({ row, version, floor: floor.version, knownFrom: floor.known, label })
        }
        raise('read', observed)
      }
    },
  }
}
