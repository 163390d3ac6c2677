import type { RowAtStake } from '../write-through/proof.ts'
import type { Marked } from './statement.ts'

/** Whether what the statements of a transaction returned is what its COMMIT makes durable. */
export interface Standing {
  /** Runs what the transaction is not told of: its rejection unproves, and so does its not being over in the end. */
  beside<T>(run: () => Promise<T>): Promise<T>
  /** From now on nothing stands. */
  unproven(): void
  /** A number above all before it: the order of beginnings and ends. */
  moment(): number
  readonly proven: boolean
  /** The rows of a statement that stand among all the statements there are. */
  rowsOf(statement: Marked, all: readonly Marked[]): readonly RowAtStake[]
}

export function createStanding(): Standing {
  let proven = true
  let [moments, running] = [0, 0]
  return {
    async beside(run) {
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
    unproven() {
      proven = false
    },
    moment: () => moments++,
    get proven() {
      return proven && !running
    },
    rowsOf: (statement, all) => (proven && !running ? lasting(statement, all) : []),
  }
}

/**
 * The rows of `statement` that are still as it returned them when the transaction commits: no other statement that was
 * not over before this one began can have changed them.
 */
function lasting(statement: Marked, all: readonly Marked[]): readonly RowAtStake[] {
  return statement.rows.filter((row) =>
    all.every((other) => other === statement || isBefore(other, statement) || spares(other, row)),
  )
}

function isBefore({ ended }: Marked, { began }: Marked): boolean {
  return ended !== undefined && ended < began
}

/** True if every row it touched is known by the row's own key, and is another one. */
function spares({ learned, tags }: Marked, { record, field, cell }: RowAtStake): boolean {
  const touched = learned ?? tags
  // A write that names no table may have written any.
  if (!touched.length) return false
  const tag = touched.find((one) => one.record === record)
  return !tag || (tag.known.includes(field) && !tag.unknown.has(field) && !tag.cells.has(cell))
}
