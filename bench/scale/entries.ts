import type { Random } from '../random.ts'
import type { Rates } from './rates.ts'

/**
 * What the store and each process have of every entry. An entry is a number, times are in seconds. The fleet has been running
 * for long: what happened to an entry before 0 is drawn when the entry is first used.
 */
export interface Entries {
  /** A write of `process` changes what the entry contains. */
  write(entry: number, process: number, now: number): void
  look(entry: number, process: number, now: number): Look
  /** The process and the store have the current result. @param cost how long the read took, in seconds. */
  keep(entry: number, process: number, now: number, cost: number): void
}

export interface Look {
  /** The process has a result in memory, and whether it is the current one. */
  readonly inMemory: 'current' | 'outdated' | 'absent'
  /** The store has the current result. */
  readonly stored: boolean
  /** Seconds since the process knew its result to be current. Infinite if the process has written to it since. */
  readonly age: number
  readonly cost: number
}

interface Copy {
  /** When the process knew it to be current. */
  readonly at: number
  readonly cost: number
  /** The process itself has not changed it since. */
  usable: boolean
}

interface Entry {
  writtenAt: number
  /** The store has what was read after `writtenAt`. Undefined: not drawn yet. */
  stored: boolean | undefined
}

export function createEntries(processes: number, rates: Rates, random: Random): Entries {
  const all = new Map<number, Entry>()
  const copies = new Map<number, Copy>()
  /** The time since the last event of a Poisson process. */
  const ago = (rate: number): number => (rate > 0 ? -Math.log(1 - random()) / rate : Number.POSITIVE_INFINITY)

  const get = (entry: number): Entry => {
    const known = all.get(entry)
    if (known) return known
    const drawn = { writtenAt: -ago(rates.writes(entry)), stored: undefined }
    all.set(entry, drawn)
    return drawn
  }
  const copyOf = (entry: number, process: number, { stored, writtenAt }: Entry): Copy => {
    const known = copies.get(entry * processes + process)
    if (known) return known
    const at = -ago(rates.reads(entry))
    // The first reader found that nobody had read it since the last write.
    const impossible = stored === false && at > writtenAt
    const drawn = { at: impossible ? Number.NEGATIVE_INFINITY : at, cost: 0, usable: false }
    copies.set(entry * processes + process, drawn)
    return drawn
  }
  return {
    write(entry, process, now) {
      const known = get(entry)
      known.writtenAt = now
      known.stored = false
      const copy = copies.get(entry * processes + process)
      if (copy) copy.usable = false
    },
    look(entry, process, now) {
      const known = get(entry)
      const { at, cost, usable } = copyOf(entry, process, known)
      const { writtenAt } = known
      const isCurrent = at > writtenAt
      const others = (processes - 1) * rates.reads(entry)
      known.stored ??= isCurrent || ago(others) < -writtenAt
      return {
        inMemory: now - at > rates.memory ? 'absent' : isCurrent ? 'current' : 'outdated',
        stored: known.stored,
        age: usable ? now - at : Number.POSITIVE_INFINITY,
        cost,
      }
    },
    keep(entry, process, now, cost) {
      get(entry).stored = true
      copies.set(entry * processes + process, { at: now, cost, usable: true })
    },
  }
}
