/**
 * How long a mark has gone without an answer: `short` is long enough for a transaction not to wait for the next one,
 * `long` for nobody to.
 */
export type Silence = 'short' | 'long'

/** Which tables' marks the store does not answer, so that the next writes do not wait for theirs. */
export interface SilentMarks {
  /** True: a mark of this record would probably not be answered either. */
  has(record: string, silence: Silence): boolean
  /** How many answers there were, whatever to. */
  readonly answers: number
  /** A mark of this record was not answered in that time. @param before the answers there were when it was sent. */
  noAnswer(record: string, silence: Silence, before: number): void
  /** The store acknowledged something about this record; undefined: about all of them. */
  answered(record: string | undefined): void
  /** Some server of the store answered: others may still be silent. */
  signOfLife(): void
  /** Calls `changed` whenever more became silent. @returns a function that ends it. */
  watch(changed: () => void): () => void
}

/** Records remembered by name; the journal has overflowed long before. */
const MOST_RECORDS = 1_000

/**
 * A record is silent if its own last mark was not answered, whatever other servers of the store do, or if nothing at all
 * was answered since some mark was sent: a server that hangs then costs one wait, and not one for each table.
 */
export function createSilentMarks(): SilentMarks {
  const records = { short: new Set<string>(), long: new Set<string>() }
  const all = { short: false, long: false }
  const watchers = new Set<() => void>()

  let answers = 0

  const signOfLife = (): void => {
    answers++
    all.short = false
    all.long = false
  }
  return {
    has: (record, silence) => all[silence] || records[silence].has(record),
    get answers() {
      return answers
    },
    noAnswer(record, silence, before) {
      if (answers === before) all[silence] = true
      if (records[silence].size < MOST_RECORDS) records[silence].add(record)
      for (const changed of [...watchers]) changed()
    },
    answered(record) {
      signOfLife()
      for (const silent of [records.short, records.long])
        if (record === undefined) silent.clear()
        else silent.delete(record)
    },
    signOfLife,
    watch(changed) {
      watchers.add(changed)
      return () => watchers.delete(changed)
    },
  }
}
