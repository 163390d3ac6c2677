import type { CacheError } from '../errors.ts'
import type { WriteTag } from '../tags/write-tags.ts'
import { isUserTag } from '../tags/write-tags.ts'
import type { RowAtStake, Stakes } from './at-stake.ts'
import { type MarkRoom, UNKNOWN_OUTCOME } from './mark.ts'
import { createRaisedMarks, type Marked, type Outcome } from './raised.ts'
import { createStanding, type Standing } from './standing.ts'

export type { Outcome } from './raised.ts'

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

/**
 * Collects the tags of a transaction's writes and puts their marks around its COMMIT.
 * - `late`: marks go up when {@link Transaction.seal} is called, just before COMMIT, when most rows are known.
 * - `early`: each statement marks before it runs, because nobody can say when COMMIT comes.
 */
export interface Transaction {
  /**
   * Registers a statement before it runs.
   * @param stakes of the row it may write through, as far as it is known.
   */
  write(tags: readonly WriteTag[], stakes?: Stakes): TransactionWrite
  /** The same for what cannot be refused any more: a statement of a scope nested in this one, an invalidation. */
  adopt(tags: readonly WriteTag[]): TransactionWrite
  /**
   * Marks all that was written; statements issued afterwards mark at once. Call before COMMIT is sent.
   * @throws CacheError `LARDER_MARK_FAILED`, each time, when that failed and a policy asks for it: do not commit then.
   */
  seal(): Promise<void>
  /**
   * Runs a statement of the transaction that writes nothing, or nothing that the scope is told of. If it rejects, or is
   * not over when the transaction ends, nothing is written through: drivers resolve the COMMIT of an aborted transaction.
   */
  beside<T>(run: () => Promise<T>): Promise<T>
  /** What returned rows hold may not be what COMMIT makes durable: nothing is written through. */
  unproven(): void
  /** Why a statement or the transaction was refused, once one was. */
  readonly refusal: CacheError | undefined
  /** None of its statements was sent to the database, or will be. Call before {@link Transaction.end}. */
  unsent(): void
  /** Runs once the transaction may have committed; never after a proven rollback. */
  onCommit(action: () => Promise<void>): void
  /** True until {@link Transaction.end}. */
  readonly open: boolean
  /** Ends the scope. Resolves when the finish is acknowledged, or at once where nobody waits for it. */
  end(outcome: Outcome): Promise<void>
  /** Hands this scope's writes to the transaction it is nested in: a released savepoint. */
  mergeInto(parent: Transaction): Promise<void>
  /** Bare names of the tables written so far. */
  tables(): readonly string[]
}

interface Statement extends Marked {
  learned: readonly WriteTag[] | undefined
  rows: readonly RowAtStake[]
  running: boolean
  ended: number | undefined
  /** The same statement in the transaction that this scope was merged into. */
  heir?: TransactionWrite
}

export function createTransaction(room: MarkRoom, marking: 'late' | 'early'): Transaction {
  const statements: Statement[] = []
  const marks = createRaisedMarks(room)
  const actions: (() => Promise<void>)[] = []
  let [sealed, open] = [marking === 'early', true]
  let seals: Promise<CacheError | undefined> = Promise.resolve(undefined)
  let refusal: CacheError | undefined
  let heir: Transaction | undefined
  const standing = createStanding()

  /** Never rejects: whoever is beyond COMMIT has nothing to refuse any more. */
  const seal = (): Promise<CacheError | undefined> => {
    if (!sealed) {
      sealed = true
      seals = marks.raise([...statements]).then((raised) => {
        refusal ??= raised?.mark.refusal
        return raised?.mark.refusal
      })
    }
    return seals
  }
  const add = (statement: Statement, refusable: boolean): TransactionWrite => {
    statements.push(statement)
    return {
      ready: sealed || !open ? markNow(statement, refusable) : undefined,
      ...toldOf(statement, standing),
    }
  }
  const markNow = async (statement: Statement, refusable: boolean): Promise<void> => {
    const raised = await marks.raise([statement])
    const refused = refusable && raised?.mark.refusal
    if (!refused) return
    // It does not run: all it leaves behind is a mark to take off.
    refusal ??= refused
    statements.splice(statements.indexOf(statement), 1)
    marks.drop(raised)
    throw refused
  }
  const act = (): Promise<unknown> => Promise.all(actions.map((action) => action()))
  return {
    write: (tags, stakes) =>
      heir ? heir.write(tags, stakes) : add(begun(tags, stakes, standing.moment()), true),
    adopt: (tags) => (heir ? heir.adopt(tags) : add(begun(tags, undefined, standing.moment()), false)),
    seal: () => seal().then(thrown),
    beside: standing.beside,
    unproven: standing.unproven,
    get refusal() {
      return refusal
    },
    unsent: () => stop(statements),
    onCommit(action) {
      if (heir) heir.onCommit(action)
      else actions.push(action)
    },
    get open() {
      return open
    },
    async end(outcome) {
      open = false
      // A mark that was not up before COMMIT proves nothing.
      if (!sealed) standing.unproven()
      // At once: whoever does not wait for this still finds what was invalidated gone.
      const acted = outcome === 'failed' ? undefined : act()
      if (outcome === 'unknown' && actions.length) room.clock.after(UNKNOWN_OUTCOME, () => void act())
      // A host that could not seal before COMMIT: late is better than never.
      await (outcome === 'failed' ? seals : seal())
      // Nobody awaited those: they may run at any time in any session.
      marks.tooLate((mark) => mark.leave())
      await acted
      await marks.settle(outcome, (statement) => standing.rowsOf(statement, statements))
    },
    async mergeInto(parent) {
      open = false
      heir = parent
      if (!standing.proven) parent.unproven()
      marks.tooLate((mark) => mark.finish())
      for (const statement of statements) await handOver(statement, parent)
      for (const action of actions) parent.onCommit(action)
      // Marks of its own are under the parent's now.
      await marks.finish()
    },
    tables: () => tablesOf(statements),
  }
}

function thrown(refusal: CacheError | undefined): void {
  if (refusal) throw refusal
}

function tablesOf(statements: readonly Statement[]): readonly string[] {
  const tags = statements.flatMap((one) => one.tags).filter((tag) => !isUserTag(tag))
  return [...new Set(tags.map((tag) => tag.table))]
}

function stop(statements: readonly Statement[]): void {
  for (const statement of statements) statement.running = false
}

function begun(tags: readonly WriteTag[], stakes: Stakes | undefined, began: number): Statement {
  return { tags, learned: undefined, stakes, rows: [], running: true, began, ended: undefined }
}

function toldOf(statement: Statement, standing: Standing): Omit<TransactionWrite, 'ready'> {
  const over = (): void => {
    statement.running = false
    statement.ended = standing.moment()
  }
  return {
    learned(shown, rows = []) {
      statement.learned = shown
      statement.rows = rows
      over()
      // What a savepoint may yet roll back is not written through.
      statement.heir?.learned(shown)
    },
    rejected() {
      over()
      standing.unproven()
      statement.heir?.rejected()
    },
  }
}

async function handOver(statement: Statement, parent: Transaction): Promise<void> {
  const heir = parent.adopt(statement.tags)
  await heir.ready
  statement.heir = heir
  if (statement.learned) heir.learned(statement.learned)
  else if (!statement.running) heir.rejected()
}
