/**
 * How long a mark has been unanswered. After `short`, transactions do not wait for the next mark of the record; after `long`,
 * nothing does.
 */
export type Silence = 'short' | 'long'

/** A mark that is under way. */
export interface SentMark {
  readonly record: string
  /** Number of replies from the store when the mark was sent. */
  readonly answers: number
  /** The store has acknowledged something else about the record since. */
  overtaken: boolean
}

/** Records whose marks the store does not answer, so that the next writes do not wait for theirs. */
export interface SilentMarks {
  /** True if a mark of this record would probably not be answered. */
  has(record: string, silence: Silence): boolean
  /** A mark of this record is sent. */
  sent(record: string): SentMark
  /** The mark was answered or has failed. */
  over(mark: SentMark): void
  /** The mark was not answered in that time. */
  noAnswer(mark: SentMark, silence: Silence): void
  /** The store acknowledged something about this record. Undefined: about all records. */
  answered(record: string | undefined): void
  /** One server of the store answered. Others may still be silent. */
  signOfLife(): void
  /** Calls `changed` whenever another record becomes silent. @returns a function that stops this. */
  watch(changed: () => void): () => void
}

/** Maximum number of records by name. The journal overflows long before. */
const MOST_RECORDS = 1_000

/**
 * A record is silent if its own last mark was not answered, or if the store has not answered anything since some mark was
 * sent. So a server that hangs costs one wait, not one for each table.
 */
export function createSilentMarks(): SilentMarks {
  const records = { short: new Set<string>(), long: new Set<string>() }
  const all = { short: false, long: false }
  const watchers = new Set<() => void>()

  const onWay = new Set<SentMark>()
  let answers = 0

  const signOfLife = (): void => {
    answers++
    all.short = false
    all.long = false
  }
  return {
    has: (record, silence) => all[silence] || records[silence].has(record),
    sent(record) {
      const mark = { record, answers, overtaken: false }
      onWay.add(mark)
      return mark
    },
    over: (mark) => void onWay.delete(mark),
    noAnswer({ record, answers: before, overtaken }, silence) {
      // A lost mark does not count if the store has answered since.
      if (overtaken) return
      if (answers === before) all[silence] = true
      if (records[silence].size < MOST_RECORDS) records[silence].add(record)
      for (const changed of [...watchers]) changed()
    },
    answered(record) {
      signOfLife()
      for (const mark of onWay) if (record === undefined || mark.record === record) mark.overtaken = true
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
