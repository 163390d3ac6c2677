import type { CacheError } from '../base/errors.ts'
import type { WriteTag } from '../tags/write-tags.ts'
import type { RowAtStake, Stakes } from '../write-through/proof.ts'
import type { Standing } from './committed-rows.ts'
import type { Marked } from './statement.ts'
import type { TransactionMarks } from './transaction-marks.ts'

/** One statement of a transaction, as its scope remembers it. */
export interface TransactionWrite {
  /**
   * When the statement may be sent. Undefined: now, and it must be, for nothing may come between a call inside a
   * transaction and its driver. Rejects with LARDER_MARK_FAILED where the statement must not run.
   */
  readonly ready: Promise<void> | undefined
  /** Tells the scope what the statement's result showed, and which rows may be written through. */
  learned(tags: readonly WriteTag[], rows?: readonly RowAtStake[]): void
  /** Tells the scope that the statement came back without a result. */
  rejected(): void
}

/** What a statement is registered with. */
export interface NewStatement {
  readonly tags: readonly WriteTag[]
  readonly stakes?: Stakes | undefined
  /** Its result is going to show which rows it touched. */
  readonly returns?: boolean
  /** It changes nothing before COMMIT. */
  readonly atCommit?: boolean
  /** It must not run where a mark fails under `onMarkFailure: 'reject'`. */
  readonly refusable: boolean
}

/** The statements of one transaction. */
export interface Statements {
  readonly all: readonly Marked[]
  /** Why one of them was refused, once one was. */
  readonly refusal: CacheError | undefined
  add(statement: NewStatement): TransactionWrite
  /** None of them runs any more. */
  stop(): void
  /** The transaction is over: what is added from now on belongs to none. */
  close(): void
  /** Registers all of them in another transaction, and passes on what becomes of them. */
  handOver(adopt: (tags: readonly WriteTag[], atCommit: boolean) => TransactionWrite): Promise<void>
}

interface Statement extends Marked {
  learned: readonly WriteTag[] | undefined
  rows: readonly RowAtStake[]
  running: boolean
  ended: number | undefined
  readonly atCommit: boolean
  /** The same statement in the transaction that this one was handed over to. */
  adopted?: TransactionWrite
}

export function createStatements(marks: TransactionMarks, standing: Standing): Statements {
  const all: Statement[] = []
  let closed = false
  let refusal: CacheError | undefined

  const ready = async (statement: Statement, refusable: boolean): Promise<void> => {
    const refused = await (closed ? marks.afterEnd(statement) : marks.before(statement))
    if (!refused || !refusable) return
    // It does not run: all it leaves behind are marks to take off.
    refusal ??= refused
    all.splice(all.indexOf(statement), 1)
    throw refused
  }
  const over = (statement: Statement): void => {
    statement.running = false
    statement.ended = standing.moment()
  }
  return {
    all,
    get refusal() {
      return refusal
    },
    add({ refusable, returns = false, ...given }) {
      const statement = begun(given, standing.moment())
      all.push(statement)
      const waits = marks.sealed || closed
      if (!waits && !statement.atCommit) marks.beside(statement, returns)
      return {
        ready: waits ? ready(statement, refusable) : undefined,
        learned(shown, rows = []) {
          statement.learned = shown
          statement.rows = rows
          over(statement)
          // What a savepoint may yet roll back is not written through.
          statement.adopted?.learned(shown)
          if (!marks.sealed && !closed && !statement.atCommit) marks.shown(statement)
        },
        rejected() {
          over(statement)
          standing.unproven()
          statement.adopted?.rejected()
        },
      }
    },
    stop() {
      for (const statement of all) statement.running = false
    },
    close() {
      closed = true
    },
    async handOver(adopt) {
      for (const statement of all) {
        const adopted = adopt(statement.tags, statement.atCommit)
        await adopted.ready
        statement.adopted = adopted
        if (statement.learned) adopted.learned(statement.learned)
        else if (!statement.running) adopted.rejected()
      }
    },
  }
}

function begun(
  { tags, stakes, atCommit = false }: Omit<NewStatement, 'refusable'>,
  began: number,
): Statement {
  return { tags, learned: undefined, stakes, rows: [], running: true, began, ended: undefined, atCommit }
}
