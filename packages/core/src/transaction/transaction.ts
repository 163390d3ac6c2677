import type { CacheError } from '../base/errors.ts'
import { type MarkDeps, UNKNOWN_OUTCOME } from '../marks/marks.ts'
import type { Events } from '../report/events.ts'
import type { WriteTag } from '../tags/write-tags.ts'
import type { StatementRows } from '../write-through/row-storage.ts'
import { type Budget, createBudget } from './budget.ts'
import { createCommittedRows } from './committed-rows.ts'
import { tablesOf } from './statement.ts'
import { createStatements, type TransactionWrite } from './statements.ts'
import { createTransactionMarks } from './transaction-marks.ts'

export type { TransactionWrite } from './statements.ts'

/** How a transaction ended. `failed`: it certainly did not commit. `unknown`: it may have. */
export type Outcome = 'committed' | 'failed' | 'unknown'

/**
 * Collects the tags of a transaction's writes, and sets their marks before COMMIT.
 * - `late`: marks are sent in the background while statements run. {@link Transaction.seal} waits for them before COMMIT.
 * - `early`: each statement waits for its marks before it runs, because the time of COMMIT is unknown.
 *
 * All these waits together take at most the {@link Budget} of the transaction. Then COMMIT is sent, as after a failed mark.
 * Only a transaction that writes under `onMarkFailure: 'reject'` waits until its marks are acknowledged or have failed.
 */
export interface Transaction {
  /**
   * Registers a statement before it runs.
   * @param through the rows that it may write through.
   * @param returns whether its result will contain the rows it changed.
   */
  write(tags: readonly WriteTag[], through?: StatementRows, returns?: boolean): TransactionWrite
  /**
   * Registers what can no longer be refused: a statement of a nested transaction, or an invalidation.
   * @param atCommit it takes effect at COMMIT, so it is not marked before.
   */
  adopt(tags: readonly WriteTag[], atCommit?: boolean): TransactionWrite
  /**
   * Sets the marks that are still missing and waits for all of them. Later statements wait for their own marks. Call it
   * before you send COMMIT.
   * @throws CacheError `LARDER_MARK_FAILED` on every call if a mark failed and a policy says `onMarkFailure: 'reject'`. Do
   * not commit then.
   */
  seal(): Promise<void>
  /**
   * Runs a statement that writes nothing, or whose writes are not registered here. If it rejects, or is still running when
   * the transaction ends, no row is written through: drivers also resolve the COMMIT of an aborted transaction.
   */
  trackUnknown<T>(run: () => Promise<T>): Promise<T>
  /** Returned rows may differ from what COMMIT makes durable: from now on no row is written through. */
  discardRows(): void
  /** Why a statement or the transaction was refused, if one was. */
  readonly refusal: CacheError | undefined
  /** Declares that no statement was or will be sent to the database. Call it before {@link Transaction.end}. */
  discardStatements(): void
  /** Runs `action` once the transaction may have committed. It never runs after a certain rollback. */
  onCommit(action: () => Promise<void>): void
  /** True until {@link Transaction.end}. */
  readonly open: boolean
  /** Ends the transaction. With `finish: 'await'` it resolves when the store has acknowledged the finish, else at once. */
  end(outcome: Outcome): Promise<void>
  /** Hands the writes of a released savepoint over to the transaction that contains it. */
  mergeInto(parent: Transaction): Promise<void>
  /** Returns the bare names of the tables written so far. */
  tables(): readonly string[]
  /** How long the cache may still delay the transaction. Nested transactions share it. */
  readonly budget: Budget
}

/** What transactions need from the composition root. */
export interface TransactionDeps extends MarkDeps {
  readonly events: Events
  /** Whether {@link Transaction.end} resolves only when the store has acknowledged the finish. */
  readonly awaitsFinish: boolean
}

/**
 * Opens a transaction.
 * @param enclosing the budget of the transaction that this one is nested in, if there is one.
 */
export function createTransaction(
  deps: TransactionDeps,
  marking: 'late' | 'early',
  enclosing?: Budget,
): Transaction {
  const started = deps.clock.now()
  const budget = enclosing ?? createBudget(deps.clock)
  const committedRows = createCommittedRows()
  const marks = createTransactionMarks(deps, budget, marking === 'early', committedRows.discardRows)
  const statements = createStatements(marks, committedRows)
  const actions: (() => Promise<void>)[] = []
  let open = true
  let refusal: CacheError | undefined
  let parent: Transaction | undefined

  const act = (): Promise<unknown> => Promise.all(actions.map((action) => action()))
  const settle = async (outcome: Outcome): Promise<void> => {
    const { all } = statements
    if (outcome === 'unknown' || all.some((statement) => statement.running)) return marks.abandon()
    if (outcome === 'failed') return marks.rollBack()
    return marks.finish(
      all,
      all.flatMap((statement) => committedRows.rowsOf(statement, all)),
    )
  }
  return {
    budget,
    write: (tags, through, returnsRows = false) =>
      parent
        ? parent.write(tags, through, returnsRows)
        : statements.add({ tags, through, returnsRows, refusable: true }),
    adopt: (tags, atCommit = false) =>
      parent ? parent.adopt(tags, atCommit) : statements.add({ tags, atCommit, refusable: false }),
    async seal() {
      const refused = await marks.seal(statements.all)
      refusal ??= refused
      if (refused) throw refused
    },
    trackUnknown: committedRows.trackUnknown,
    discardRows: committedRows.discardRows,
    get refusal() {
      return statements.refusal ?? refusal
    },
    discardStatements: statements.stop,
    onCommit(action) {
      if (parent) parent.onCommit(action)
      else actions.push(action)
    },
    get open() {
      return open
    },
    async end(outcome) {
      open = false
      // A mark that was not set before COMMIT proves nothing.
      if (!marks.sealed || !marks.isAcknowledged()) committedRows.discardRows()
      // Before anything is awaited: callers that do not wait for this must not read what was invalidated.
      const acted = outcome === 'failed' ? undefined : act()
      if (outcome === 'unknown' && actions.length) deps.clock.after(UNKNOWN_OUTCOME, () => void act())
      // The host could not seal before COMMIT. Late marks are better than none.
      if (outcome !== 'failed') void marks.seal(statements.all)
      statements.close()
      const finished = Promise.all([acted, settle(outcome)])
      reportEnd(deps, tablesOf(statements.all), outcome, started)
      if (deps.awaitsFinish) await finished
    },
    async mergeInto(outer) {
      open = false
      parent = outer
      if (!committedRows.isProven) outer.discardRows()
      statements.close()
      await statements.handOver(outer.adopt)
      for (const action of actions) outer.onCommit(action)
      // The outer transaction has marks of its own, and nothing is committed yet. Not awaited, because a connection is held.
      // If the outer one has ended, this may be committed already.
      void (outer.open ? marks.rollBack() : marks.finish([], []))
    },
    tables: () => tablesOf(statements.all),
  }
}

/** One `write` event for the whole transaction, if it wrote anything. */
function reportEnd(
  { clock, events }: TransactionDeps,
  tables: readonly string[],
  outcome: Outcome,
  started: number,
): void {
  if (!tables.length || !events.hasListener('write')) return
  events.emit('write', { operation: '$transaction', tables, outcome, duration: clock.now() - started })
}
