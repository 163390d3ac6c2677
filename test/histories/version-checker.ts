/** What one worker saw that it may not have seen. */
export interface Violation {
  readonly worker: string
  readonly operation: string
  readonly row: number
  readonly saw: string
  readonly least: number
}

/** Where a row was, by the version a write gave it. */
type Places = Map<number, string>

/** A list that did not show a row: checked at the end, when all writes are known. */
interface Absence {
  readonly worker: string
  readonly row: number
  readonly warehouse: string
  readonly least: number
}

/**
 * Checks a concurrent history in one pass. Every write of a row raises its `version`, so a read may not return less
 * than the newest write that returned before it began, nor than any read that ended before it began.
 */
export interface Checker {
  readonly violations: readonly Violation[]
  readonly operations: number
  /** Smallest version of each row that a read beginning now may return. */
  floor(row: number): number
  floors(): ReadonlyMap<number, number>
  saw(worker: string, operation: string, row: ObservedRow, least: number): void
  missed(worker: string, row: number, warehouse: string, least: number): void
  wrote(row: ObservedRow): void
  count(): void
  /** Reports the absences that no write explains. */
  settle(): void
}

/** A row as a read or a write returned it. */
export interface ObservedRow {
  readonly id: number
  readonly version: number
  readonly warehouse: string
}

export const ROWS = 12
/** Players have row numbers from 101 in a history. */
export const PLAYERS = 6
export const WAREHOUSES = ['w1', 'w2', 'w3'] as const
/** What a transaction writes that rolls back: nobody else may ever see it. */
export const DIRTY = 'dirty'

export function createChecker(): Checker {
  const newest = new Map<number, number>()
  const places = new Map<number, Places>()
  const absences: Absence[] = []
  const violations: Violation[] = []
  let operations = 0
  const raise = ({ id, version, warehouse }: ObservedRow): void => {
    newest.set(id, Math.max(newest.get(id) ?? 0, version))
    const placesOfRow = places.get(id) ?? new Map<number, string>()
    places.set(id, placesOfRow.set(version, warehouse))
  }
  return {
    violations,
    get operations() {
      return operations
    },
    floor: (row) => newest.get(row) ?? 0,
    floors: () => new Map(newest),
    saw(worker, operation, row, least) {
      if (row.version < least || row.warehouse === DIRTY)
        violations.push({ worker, operation, row: row.id, saw: `${row.version} in ${row.warehouse}`, least })
      else raise(row)
    },
    missed: (worker, row, warehouse, least) => void absences.push({ worker, row, warehouse, least }),
    wrote: raise,
    count: () => void operations++,
    settle() {
      for (const { worker, row, warehouse, least } of absences) {
        const elsewhere = [...(places.get(row) ?? [])].some(
          ([version, where]) => version >= least && where !== warehouse,
        )
        if (!elsewhere) violations.push({ worker, operation: 'list', row, saw: `not in ${warehouse}`, least })
      }
    },
  }
}

/** Checks a history in which a read may be older than what is known, for a bounded time. */
export interface BoundedChecker {
  readonly violations: readonly Violation[]
  /** The checker of one process: what it wrote itself, it must see at once. */
  process(): Checker
  /** Reads that returned less than a strict read may. */
  readonly stale: number
  settle(): void
}

/**
 * Checks that no read returns less than what was known `bound` milliseconds before it began, nor less than what its own
 * process had written when it began.
 */
export function createBoundedChecker(bound: number): BoundedChecker {
  const shared = createChecker()
  const acknowledged = new Map<number, { readonly at: number; readonly version: number }[]>()
  let stale = 0
  const learn = ({ id, version }: ObservedRow): void => {
    const steps = acknowledged.get(id) ?? []
    if (version > (steps.at(-1)?.version ?? 0)) steps.push({ at: performance.now(), version })
    acknowledged.set(id, steps)
  }
  const floorAt = (row: number, at: number): number =>
    acknowledged.get(row)?.findLast((step) => step.at <= at)?.version ?? 0
  return {
    violations: shared.violations,
    get stale() {
      return stale
    },
    settle: shared.settle,
    process() {
      const written = new Map<number, number>()
      const floor = (row: number): number =>
        Math.max(floorAt(row, performance.now() - bound), written.get(row) ?? 0)
      return {
        ...shared,
        get operations() {
          return shared.operations
        },
        floor,
        floors: () => new Map([...acknowledged.keys()].map((row) => [row, floor(row)])),
        saw(worker, operation, row, least) {
          // Of what was known when it ends; close enough to count.
          if (row.version < floorAt(row.id, performance.now())) stale++
          shared.saw(worker, operation, row, least)
          if (row.version >= least) learn(row)
        },
        wrote(row) {
          shared.wrote(row)
          learn(row)
          written.set(row.id, Math.max(written.get(row.id) ?? 0, row.version))
        },
        // Only once all processes are done.
        settle() {},
      }
    },
  }
}
