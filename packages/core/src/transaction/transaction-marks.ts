import type { CacheError } from '../base/errors.ts'
import { createMarks, type MarkDeps } from '../marks/marks.ts'
import { raiseMark } from '../marks/statement-mark.ts'
import type { WriteTag } from '../tags/write-tags.ts'
import type { CandidateRow } from '../write-through/proof.ts'
import { RowStorage, withCells } from '../write-through/row-storage.ts'
import type { Budget } from './budget.ts'
import { type Statement, tagsOfStatements, withoutUnknownKeys } from './statement.ts'

/** The marks of one transaction, with one token. They are sent in the background and awaited before COMMIT. */
export interface TransactionMarks {
  /** True if each statement waits for its own marks from now on. */
  readonly sealed: boolean
  /** Returns whether every mark so far is acknowledged. */
  isAcknowledged(): boolean
  /** Starts to mark a statement that does not wait. @param returns whether its result will contain the rows it changed. */
  markInBackground(statement: Statement, returns: boolean): void
  /** Starts to mark the rows that a statement returned. */
  markReturned(statement: Statement): void
  /** Marks a statement before it is sent. @returns why it must not be sent, if it must not. */
  markBefore(statement: Statement): Promise<CacheError | undefined>
  /** Marks a statement that was not awaited before the end of the transaction. It may run at any time, in any session. */
  markAfterEnd(statement: Statement): Promise<CacheError | undefined>
  /** Sets the marks that are still missing. @returns why COMMIT must not be sent, if it must not. Never rejects. */
  seal(statements: readonly Statement[]): Promise<CacheError | undefined>
  /** Removes the marks after COMMIT, and stores the rows that it made durable. */
  finish(statements: readonly Statement[], rows: readonly CandidateRow[]): Promise<void>
  /** Removes the marks if nothing was changed, or if the enclosing transaction has set its own. */
  rollBack(): Promise<void>
  /** Leaves the marks set for a minute, because a statement may still take effect. */
  abandon(): void
}

/** @param discardRows called if COMMIT may be sent before every mark is acknowledged. No row is stored then. */
export function createTransactionMarks(
  deps: MarkDeps,
  budget: Budget,
  early: boolean,
  discardRows: () => void,
): TransactionMarks {
  const storage = new RowStorage()
  const marks = createMarks(deps, storage)
  /** Adds the cells of the rows that the statements may write through, and requests reports on them. */
  const withRows = (tags: readonly WriteTag[], statements: readonly Statement[]): readonly WriteTag[] =>
    withCells(tags, storage.propose(statements.map(({ through }) => through)))
  let sealed = early
  let seals: Promise<CacheError | undefined> = Promise.resolve(undefined)

  const wait = async (
    tags: readonly WriteTag[],
    only?: readonly WriteTag[],
  ): Promise<CacheError | undefined> => {
    const strict = tags.some(({ table }) => deps.rejecting.has(table))
    const answers = marks.wait(strict ? 'long' : 'short', only)
    if (answers) await (strict ? answers : budget.spend(answers))
    // A mark acknowledged after COMMIT may come after other writes of the same rows. It proves nothing.
    if (!marks.isAcknowledged()) discardRows()
    return marks.refusal(tags)
  }
  return {
    get sealed() {
      return sealed
    },
    isAcknowledged: marks.isAcknowledged,
    markInBackground(statement, returns) {
      const { tags } = statement
      marks.add(withRows(returns ? withoutUnknownKeys(tags) : tags, [statement]), 'background')
    },
    markReturned(statement) {
      marks.add(withRows(tagsOfStatements([statement]), [statement]), 'background')
    },
    markBefore(statement) {
      const { tags } = statement
      marks.bypassReads(tags)
      marks.add(withRows(tags, [statement]), 'awaited')
      return wait(tags, tags)
    },
    async markAfterEnd({ tags }) {
      const mark = await raiseMark(deps, tags)
      if (mark.refusal) void mark.finish()
      else mark.abandon()
      return mark.refusal
    },
    seal(statements) {
      if (sealed) return seals
      sealed = true
      const tags = tagsOfStatements(statements)
      marks.bypassReads(tags)
      marks.refresh()
      marks.add(withRows(tags, statements), 'all')
      seals = wait(tags)
      return seals
    },
    finish(statements, rows) {
      storage.confirm(rows)
      return marks.finish(tagsOfStatements(statements))
    },
    // After a seal, COMMIT may have been sent: finish, which is safe even if the transaction committed.
    rollBack: () => (sealed ? marks.finish([]) : marks.rollBack()),
    abandon: marks.abandon,
  }
}
