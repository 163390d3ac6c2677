import type { Fleet } from './fleet.ts'

/** How often each entry is read and changed in the long run: what the simulated fleet did before it is watched. */
export interface Rates {
  /** Reads a second of one process. */
  reads(entry: number): number
  /** Writes a second of the whole fleet that change the entry. */
  writes(entry: number): number
  /** A process keeps what it has read within this many seconds. */
  readonly memory: number
}

/** Entries of one process: the default of `memory.maxEntries`. */
const MAX_ENTRIES = 10_000
/** Seconds. The `ttl` of the pages' examples. */
const LONGEST = 600
const STEPS = 30

/** The number of an entry. Tables are numbered from 1. Row 0 stands for the list of the table. */
export function entryOf(table: number, row: number, { rows }: Pick<Fleet, 'rows'>): number {
  return table * (rows + 1) + row
}

export function ratesOf(fleet: Fleet): Rates {
  const [tables, rows] = [zipfShares(fleet.tables), zipfShares(fleet.rows)]
  const width = fleet.rows + 1
  const tableShare = (entry: number): number => tables[Math.floor(entry / width) - 1] ?? 0
  const rowShare = (entry: number): number => rows[(entry % width) - 1] ?? 0
  const isList = (entry: number): boolean => entry % width === 0
  const reads = (entry: number): number =>
    fleet.reads * tableShare(entry) * (isList(entry) ? fleet.lists : (1 - fleet.lists) * rowShare(entry))
  return {
    reads,
    writes: (entry) =>
      fleet.processes * fleet.writes * tableShare(entry) * (isList(entry) ? 1 : rowShare(entry)),
    memory: memoryOf(width, (fleet.tables + 1) * width, reads),
  }
}

function zipfShares(count: number): readonly number[] {
  const weights = Array.from({ length: count }, (_, rank) => 1 / (rank + 1))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}

/** The age of the oldest entry in a full LRU memory (Che's approximation), found by bisection. */
function memoryOf(first: number, end: number, reads: (entry: number) => number): number {
  const rates = Float64Array.from({ length: end - first }, (_, at) => reads(first + at))
  const heldAt = (seconds: number): number =>
    rates.reduce((sum, rate) => sum - Math.expm1(-rate * seconds), 0)
  if (rates.length <= MAX_ENTRIES || heldAt(LONGEST) <= MAX_ENTRIES) return LONGEST
  let [low, high] = [0, LONGEST]
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) / 2
    if (heldAt(middle) > MAX_ENTRIES) high = middle
    else low = middle
  }
  return high
}
