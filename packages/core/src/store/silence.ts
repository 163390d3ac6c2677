/**
 * How long a mark has gone without an answer: `short` is long enough for a transaction not to wait for the next one,
 * `long` for nobody to.
 */
export type Silence = 'short' | 'long'

/** A mark on its way. */
export interface SentMark {
  readonly record: string
  /** How many answers of the store there had been. */
  readonly answers: number
  /** Something about the same record, sent later or not, was acknowledged since. */
  overtaken: boolean
}

/** Which tables' marks the store does not answer, so that the next writes do not wait for theirs. */
export interface SilentMarks {
  /** True: a mark of this record would probably not be answered either. */
  has(record: string, silence: Silence): boolean
  /** A mark of this record is sent. */
  sent(record: string): SentMark
  /** It was answered, or failed. */
  over(mark: SentMark): void
  /** It was not answered in that time. */
  noAnswer(mark: SentMark, silence: Silence): void
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
      // One that was lost says nothing of a store that has answered since.
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
