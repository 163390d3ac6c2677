/** What the store, the database and each process know of every entry. An entry is a number. */
export interface Entries {
  /** A write changed what the entry contains. @returns processes that the server tells of it. */
  invalidate(entry: number): number
  /** What `process` can do without a query. */
  look(entry: number, process: number, now: number): Look
  /** The process has the current entry, and the store too; the server tells it of the next write if it `listens`. */
  keep(entry: number, process: number, now: number, listens: boolean): void
}

export interface Look {
  /** The process has the current result in memory. */
  readonly inMemory: boolean
  /** The store has it. */
  readonly stored: boolean
  /** Seconds since the process knew its result to be current. */
  readonly age: number
}

export function createEntries(processes: number): Entries {
  const versions = new Map<number, number>()
  const stored = new Map<number, number>()
  const kept = new Map<number, { version: number; at: number }>()
  const listeners = new Map<number, Set<number>>()
  const versionOf = (entry: number): number => versions.get(entry) ?? 0
  return {
    invalidate(entry) {
      versions.set(entry, versionOf(entry) + 1)
      const told = listeners.get(entry)?.size ?? 0
      listeners.delete(entry)
      return told
    },
    look(entry, process, now) {
      const mine = kept.get(entry * processes + process)
      const version = versionOf(entry)
      return {
        inMemory: mine?.version === version,
        stored: stored.get(entry) === version,
        age: mine ? now - mine.at : Number.POSITIVE_INFINITY,
      }
    },
    keep(entry, process, now, listens) {
      const version = versionOf(entry)
      stored.set(entry, version)
      kept.set(entry * processes + process, { version, at: now })
      if (listens) listeners.set(entry, (listeners.get(entry) ?? new Set()).add(process))
    },
  }
}
