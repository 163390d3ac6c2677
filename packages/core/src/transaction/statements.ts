import type { CacheError } from '../base/errors.ts'
import type { WriteTag } from '../tags/write-tags.ts'
import type { StatementRows } from '../write-through/row-storage.ts'
import type { CommittedRows } from './committed-rows.ts'
import type { Statement } from './statement.ts'
import type { TransactionMarks } from './transaction-marks.ts'

/** A statement that is registered in a transaction. */
export interface TransactionWrite {
  /**
   * Resolves when the statement may be sent. Undefined: send it now, synchronously, so that the order of statements stays.
   * Rejects with `LARDER_MARK_FAILED` if the statement must not run.
   */
  readonly ready: Promise<void> | undefined
  /** Call it with the tags of the rows that the statement returned. */
  succeed(tags: readonly WriteTag[]): void
  /** Call it if the statement failed. */
  fail(): void
}

/** How a statement is registered. */
export interface NewStatement {
  readonly tags: readonly WriteTag[]
  /** The rows that it may write through. */
  readonly through?: StatementRows | undefined
  /** Its result will contain the rows it changed. */
  readonly returnsRows?: boolean
  /** It takes effect at COMMIT. */
  readonly atCommit?: boolean
  /** It must not run if a mark fails under `onMarkFailure: 'reject'`. */
  readonly refusable: boolean
}

/** The statements of one transaction. */
export interface Statements {
  readonly all: readonly Statement[]
  /** Why a statement was refused, if one was. */
  readonly refusal: CacheError | undefined
  add(statement: NewStatement): TransactionWrite
  /** No statement runs any more. */
  stop(): void
  /** The transaction has ended. Statements added from now on belong to no transaction. */
  close(): void
  /** Registers all statements in another transaction, and passes on their results. */
  handOver(adopt: (tags: readonly WriteTag[], atCommit: boolean) => TransactionWrite): Promise<void>
}

interface MutableStatement extends Statement {
  returnedTags: readonly WriteTag[] | undefined
  running: boolean
  ended: number | undefined
  readonly atCommit: boolean
  /** The same statement in the transaction that this one was handed over to. */
  adopted?: TransactionWrite
}

export function createStatements(marks: TransactionMarks, committedRows: CommittedRows): Statements {
  const all: MutableStatement[] = []
  let closed = false
  let refusal: CacheError | undefined

  const ready = async (statement: MutableStatement, refusable: boolean): Promise<void> => {
    const refused = await (closed ? marks.markAfterEnd(statement) : marks.markBefore(statement))
    if (!refused || !refusable) return
    // It does not run. Only its marks have to be removed.
    refusal ??= refused
    all.splice(all.indexOf(statement), 1)
    throw refused
  }
  const over = (statement: MutableStatement): void => {
    statement.running = false
    statement.ended = committedRows.nextSequence()
  }
  return {
    all,
    get refusal() {
      return refusal
    },
    add({ refusable, returnsRows = false, ...given }) {
      const statement = begun(given, committedRows.nextSequence())
      all.push(statement)
      const waits = marks.sealed || closed
      if (!waits && !statement.atCommit) marks.markInBackground(statement, returnsRows)
      return {
        ready: waits ? ready(statement, refusable) : undefined,
        succeed(shown) {
          statement.returnedTags = shown
          over(statement)
          // Rows that a savepoint may still roll back are not written through.
          statement.adopted?.succeed(shown)
          if (!marks.sealed && !closed && !statement.atCommit) marks.markReturned(statement)
        },
        fail() {
          over(statement)
          committedRows.discardRows()
          statement.adopted?.fail()
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
        if (statement.returnedTags) adopted.succeed(statement.returnedTags)
        else if (!statement.running) adopted.fail()
      }
    },
  }
}

function begun(
  { tags, through, atCommit = false }: Omit<NewStatement, 'refusable'>,
  began: number,
): MutableStatement {
  return {
    tags,
    returnedTags: undefined,
    through,
    get rows() {
      return through?.rows ?? []
    },
    running: true,
    began,
    ended: undefined,
    atCommit,
  }
}
