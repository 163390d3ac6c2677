import type { CacheError } from '../base/errors.ts'
import { raiseMark } from '../marks/mark.ts'
import { createMarks, type MarkRoom } from '../marks/marks.ts'
import type { WriteTag } from '../tags/write-tags.ts'
import type { RowAtStake } from '../write-through/proof.ts'
import type { Budget } from './budget.ts'
import { knownBefore, type Marked, shownBy, stakesBy, withCells } from './statement.ts'

/** The marks of one transaction, under one token: sent beside its statements, awaited before its COMMIT. */
export interface TransactionMarks {
  /** True once each statement waits for its own marks. */
  readonly sealed: boolean
  /** All that was asked for so far is acknowledged. */
  readonly acknowledged: boolean
  /** Begins to mark a statement that does not wait. @param returns whether its result will show which rows it touched. */
  beside(statement: Marked, returns: boolean): void
  /** Begins to mark what its result showed. */
  shown(statement: Marked): void
  /** Marks a statement before it is sent. @returns why it must not be, if it must not. */
  before(statement: Marked): Promise<CacheError | undefined>
  /** The same for one that nobody awaited before the end: it may run at any time in any session. */
  afterEnd(statement: Marked): Promise<CacheError | undefined>
  /** Marks all that is not marked yet. @returns why COMMIT must not be sent, if it must not. Never rejects. */
  seal(statements: readonly Marked[]): Promise<CacheError | undefined>
  /** Takes the marks off after COMMIT, with the rows that it made durable. */
  committed(statements: readonly Marked[], rows: readonly RowAtStake[]): Promise<void>
  /** The same where nothing was changed, or somebody else has marked it. */
  rolledBack(): Promise<void>
  /** Keeps them up for a minute: a statement may still take effect. */
  leave(): void
}

/** @param unproven called when COMMIT may be sent before some mark is acknowledged: no row is stored then. */
export function createTransactionMarks(
  room: MarkRoom,
  budget: Budget,
  early: boolean,
  unproven: () => void,
): TransactionMarks {
  const marks = createMarks(room)
  let sealed = early
  let seals: Promise<CacheError | undefined> = Promise.resolve(undefined)

  const wait = async (
    tags: readonly WriteTag[],
    only?: readonly WriteTag[],
  ): Promise<CacheError | undefined> => {
    const strict = tags.some(({ table }) => room.rejecting.has(table))
    const answers = marks.wait(strict ? 'long' : 'short', only)
    if (answers) await (strict ? answers : budget.spend(answers))
    // What is acknowledged after COMMIT may come after other writes of the same rows: it proves nothing.
    if (!marks.acknowledged) unproven()
    return marks.refusal(tags)
  }
  return {
    get sealed() {
      return sealed
    },
    get acknowledged() {
      return marks.acknowledged
    },
    beside({ tags, stakes }, returns) {
      marks.add(withCells(returns ? knownBefore(tags) : tags, stakes), stakes, 'beside')
    },
    shown(statement) {
      const stakes = statement.rows.length ? stakesBy([statement]) : undefined
      marks.add(withCells(shownBy([statement]), stakes), stakes, 'beside')
    },
    before({ tags, stakes }) {
      marks.cover(tags)
      marks.add(withCells(tags, stakes), stakes, 'next')
      return wait(tags, tags)
    },
    async afterEnd({ tags }) {
      const mark = await raiseMark(room, tags)
      if (mark.refusal) void mark.finish()
      else mark.leave()
      return mark.refusal
    },
    seal(statements) {
      if (sealed) return seals
      sealed = true
      const [tags, stakes] = [shownBy(statements), stakesBy(statements)]
      marks.cover(tags)
      marks.refresh()
      marks.add(withCells(tags, stakes), stakes, 'all')
      seals = wait(tags)
      return seals
    },
    committed: (statements, rows) => marks.finish(shownBy(statements), rows),
    // Whoever takes a COMMIT that was sent for a failed one loses nothing by it.
    rolledBack: () => (sealed ? marks.finish([], []) : marks.rollBack()),
    leave: marks.leave,
  }
}
