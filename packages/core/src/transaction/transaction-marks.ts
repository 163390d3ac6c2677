import type { CacheError } from '../base/errors.ts'
import { raiseMark } from '../marks/mark.ts'
import { createMarks, type MarkDeps } from '../marks/marks.ts'
import type { WriteTag } from '../tags/write-tags.ts'
import type { CandidateRow } from '../write-through/proof.ts'
import type { Budget } from './budget.ts'
import {
  candidateTagsOfStatements,
  type Statement,
  tagsOfStatements,
  withCells,
  withoutUnknownKeys,
} from './statement.ts'

/** The marks of one transaction, under one token: sent beside its statements, awaited before its COMMIT. */
export interface TransactionMarks {
  /** True once each statement waits for its own marks. */
  readonly sealed: boolean
  /** All that was asked for so far is acknowledged. */
  readonly acknowledged: boolean
  /** Begins to mark a statement that does not wait. @param returns whether its result will show which rows it touched. */
  markInBackground(statement: Statement, returns: boolean): void
  /** Begins to mark what its result showed. */
  markReturned(statement: Statement): void
  /** Marks a statement before it is sent. @returns why it must not be, if it must not. */
  markBefore(statement: Statement): Promise<CacheError | undefined>
  /** The same for one that nobody awaited before the end: it may run at any time in any session. */
  markAfterEnd(statement: Statement): Promise<CacheError | undefined>
  /** Marks all that is not marked yet. @returns why COMMIT must not be sent, if it must not. Never rejects. */
  seal(statements: readonly Statement[]): Promise<CacheError | undefined>
  /** Takes the marks off after COMMIT, with the rows that it made durable. */
  finish(statements: readonly Statement[], rows: readonly CandidateRow[]): Promise<void>
  /** The same where nothing was changed, or somebody else has marked it. */
  rollBack(): Promise<void>
  /** Keeps them up for a minute: a statement may still take effect. */
  abandon(): void
}

/** @param discardRows called when COMMIT may be sent before some mark is acknowledged: no row is stored then. */
export function createTransactionMarks(
  deps: MarkDeps,
  budget: Budget,
  early: boolean,
  discardRows: () => void,
): TransactionMarks {
  const marks = createMarks(deps)
  let sealed = early
  let seals: Promise<CacheError | undefined> = Promise.resolve(undefined)

  const wait = async (
    tags: readonly WriteTag[],
    only?: readonly WriteTag[],
  ): Promise<CacheError | undefined> => {
    const strict = tags.some(({ table }) => deps.rejecting.has(table))
    const answers = marks.wait(strict ? 'long' : 'short', only)
    if (answers) await (strict ? answers : budget.spend(answers))
    // What is acknowledged after COMMIT may come after other writes of the same rows: it proves nothing.
    if (!marks.acknowledged) discardRows()
    return marks.refusal(tags)
  }
  return {
    get sealed() {
      return sealed
    },
    get acknowledged() {
      return marks.acknowledged
    },
    markInBackground({ tags, candidates }, returns) {
      marks.add(withCells(returns ? withoutUnknownKeys(tags) : tags, candidates), candidates, 'beside')
    },
    markReturned(statement) {
      const candidates = statement.rows.length ? candidateTagsOfStatements([statement]) : undefined
      marks.add(withCells(tagsOfStatements([statement]), candidates), candidates, 'beside')
    },
    markBefore({ tags, candidates }) {
      marks.bypassReads(tags)
      marks.add(withCells(tags, candidates), candidates, 'next')
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
      const [tags, candidates] = [tagsOfStatements(statements), candidateTagsOfStatements(statements)]
      marks.bypassReads(tags)
      marks.refresh()
      marks.add(withCells(tags, candidates), candidates, 'all')
      seals = wait(tags)
      return seals
    },
    finish: (statements, rows) => marks.finish(tagsOfStatements(statements), rows),
    // Whoever takes a COMMIT that was sent for a failed one loses nothing by it.
    rollBack: () => (sealed ? marks.finish([], []) : marks.rollBack()),
    abandon: marks.abandon,
  }
}
