import type { CandidateRow } from '../write-through/proof.ts'
import type { Statement } from './statement.ts'

/** Whether what the statements of a transaction returned is what its COMMIT makes durable. */
export interface CommittedRows {
  /** Runs what the transaction is not told of: its rejection unproves, and so does its not being over in the end. */
  trackUnknown<T>(run: () => Promise<T>): Promise<T>
  /** From now on nothing stands. */
  discardRows(): void
  /** A number above all before it: the order of beginnings and ends. */
  nextSequence(): number
  readonly isProven: boolean
  /** The rows of a statement that stand among all the statements there are. */
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
 * The rows of `statement` that are still as it returned them when the transaction commits: no other statement that was
 * not over before this one began can have changed them.
 */
function lastingRows(statement: Statement, all: readonly Statement[]): readonly CandidateRow[] {
  return statement.rows.filter((row) =>
    all.every((other) => other === statement || isBefore(other, statement) || cannotTouch(other, row)),
  )
}

function isBefore({ ended }: Statement, { began }: Statement): boolean {
  return ended !== undefined && ended < began
}

/** True if every row it touched is known by the row's own key, and is another one. */
function cannotTouch({ returnedTags, tags }: Statement, { record, field, cell }: CandidateRow): boolean {
  const touched = returnedTags ?? tags
  // A write that names no table may have written any.
  if (!touched.length) return false
  const tag = touched.find((one) => one.record === record)
  return !tag || (tag.known.includes(field) && !tag.unknown.has(field) && !tag.cells.has(cell))
}
