import type { CandidateRow } from '../write-through/proof.ts'
import type { Statement } from './statement.ts'

/** Decides which rows returned by the statements of a transaction are those that its COMMIT makes durable. */
export interface CommittedRows {
  /** Runs a statement that is not registered. If it rejects, or is still running at the end, no row is written through. */
  trackUnknown<T>(run: () => Promise<T>): Promise<T>
  /** From now on no row is written through. */
  discardRows(): void
  /** Returns an increasing number, which orders the starts and ends of statements. */
  nextSequence(): number
  readonly isProven: boolean
  /** Returns the rows of a statement that no other statement can have changed since. */
  rowsOf(statement: Statement, all: readonly Statement[]): readonly CandidateRow[]
}

export function createCommittedRows(): CommittedRows {
  let proven = true
  let [moments, running] = [0, 0]
  return {
    async trackUnknown(run) {
      running++
      try {
        return await run()
      } catch (error) {
        proven = false
        throw error
      } finally {
        running--
      }
    },
    discardRows() {
      proven = false
    },
    nextSequence: () => moments++,
    get isProven() {
      return proven && !running
    },
    rowsOf: (statement, all) => (proven && !running ? lastingRows(statement, all) : []),
  }
}

/**
 * Returns the rows of `statement` that are unchanged at COMMIT: no statement that was still running when it started, or
 * started later, can have changed them.
 */
function lastingRows(statement: Statement, all: readonly Statement[]): readonly CandidateRow[] {
  return statement.rows.filter((row) =>
    all.every((other) => other === statement || isBefore(other, statement) || cannotTouch(other, row)),
  )
}

function isBefore({ ended }: Statement, { began }: Statement): boolean {
  return ended !== undefined && ended < began
}

/** True if every row that the statement changed is known by the key of `row`, and is another row. */
function cannotTouch({ returnedTags, tags }: Statement, { record, field, cell }: CandidateRow): boolean {
  const touched = returnedTags ?? tags
  // A write without tags may have changed any table.
  if (!touched.length) return false
  const tag = touched.find((candidate) => candidate.record === record)
  return !tag || (tag.known.includes(field) && !tag.unknown.has(field) && !tag.cells.has(cell))
}
