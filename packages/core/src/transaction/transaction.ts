import type { CacheError } from '../base/errors.ts'
import { type MarkDeps, UNKNOWN_OUTCOME } from '../marks/marks.ts'
import type { WriteTag } from '../tags/write-tags.ts'
import type { CandidateTags } from '../write-through/proof.ts'
import { type Budget, createBudget } from './budget.ts'
import { createCommittedRows } from './committed-rows.ts'
import { tablesOf } from './statement.ts'
import { createStatements, type TransactionWrite } from './statements.ts'
import { createTransactionMarks } from './transaction-marks.ts'

export type { TransactionWrite } from './statements.ts'

/** How a transaction ended: `failed` is proven not to have committed, `unknown` may have. */
export type Outcome = 'committed' | 'failed' | 'unknown'

/**
 * Collects the tags of a transaction's writes and puts their marks around its COMMIT.
 * - `late`: marks are sent beside the statements, which do not wait; {@link Transaction.seal} waits for them, just
 *   before COMMIT.
 * - `early`: each statement waits for its marks before it runs, because nobody can say when COMMIT comes.
 *
 * All these waits together take no longer than the transaction's {@link Budget}; then COMMIT goes ahead, as after a mark
 * that failed. Only a transaction that writes under `onMarkFailure: 'reject'` waits for as long as a mark may take.
 */
export interface Transaction {
  /**
   * Registers a statement before it runs.
   * @param candidates of the row it may write through, as far as it is known.
   * @param returns whether its result is going to show which rows it touched.
   */
  write(tags: readonly WriteTag[], candidates?: CandidateTags, returns?: boolean): TransactionWrite
  /**
   * The same for what cannot be refused any more: a statement of a scope nested in this one, an invalidation.
   * @param atCommit it changes nothing before COMMIT, and so is not marked before it.
   */
  adopt(tags: readonly WriteTag[], atCommit?: boolean): TransactionWrite
  /**
   * Marks what is not marked yet of all that was written, and waits until it is; statements issued afterwards wait for
   * their own marks. Call before COMMIT is sent.
   * @throws CacheError `LARDER_MARK_FAILED`, each time, when that failed and a policy asks for it: do not commit then.
   */
  seal(): Promise<void>
  /**
   * Runs a statement of the transaction that writes nothing, or nothing that the scope is told of. If it rejects, or is
   * not over when the transaction ends, nothing is written through: drivers resolve the COMMIT of an aborted transaction.
   */
  trackUnknown<T>(run: () => Promise<T>): Promise<T>
  /** What returned rows hold may not be what COMMIT makes durable: nothing is written through. */
  discardRows(): void
  /** Why a statement or the transaction was refused, once one was. */
  readonly refusal: CacheError | undefined
  /** None of its statements was sent to the database, or will be. Call before {@link Transaction.end}. */
  discardStatements(): void
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
  /** What the cache may still hold it up, shared with what is nested in it. */
  readonly budget: Budget
}

/** @param enclosing of the transaction that this one is nested in, if there is one. */
export function createTransaction(
  deps: MarkDeps,
  marking: 'late' | 'early',
  enclosing?: Budget,
): Transaction {
  const budget = enclosing ?? createBudget(deps.clock)
  const standing = createCommittedRows()
  const marks = createTransactionMarks(deps, budget, marking === 'early', standing.discardRows)
  const statements = createStatements(marks, standing)
  const actions: (() => Promise<void>)[] = []
  let open = true
  let refusal: CacheError | undefined
  let parent: Transaction | undefined

  const act = (): Promise<unknown> => Promise.all(actions.map((action) => action()))
  const settle = async (outcome: Outcome): Promise<void> => {
    const { all } = statements
    if (outcome === 'unknown' || all.some((one) => one.running)) return marks.abandon()
    if (outcome === 'failed') return marks.rollBack()
    return marks.finish(
      all,
      all.flatMap((statement) => standing.rowsOf(statement, all)),
    )
  }
  return {
    budget,
    write: (tags, candidates, returnsRows = false) =>
      parent
        ? parent.write(tags, candidates, returnsRows)
        : statements.add({ tags, candidates, returnsRows, refusable: true }),
    adopt: (tags, atCommit = false) =>
      parent ? parent.adopt(tags, atCommit) : statements.add({ tags, atCommit, refusable: false }),
    async seal() {
      const refused = await marks.seal(statements.all)
      refusal ??= refused
      if (refused) throw refused
    },
    trackUnknown: standing.trackUnknown,
    discardRows: standing.discardRows,
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
      // A mark that was not up before COMMIT proves nothing.
      if (!marks.sealed || !marks.acknowledged) standing.discardRows()
      // At once: whoever does not wait for this still finds what was invalidated gone.
      const acted = outcome === 'failed' ? undefined : act()
      if (outcome === 'unknown' && actions.length) deps.clock.after(UNKNOWN_OUTCOME, () => void act())
      // A host that could not seal before COMMIT: late is better than never.
      if (outcome !== 'failed') void marks.seal(statements.all)
      statements.close()
      await Promise.all([acted, settle(outcome)])
    },
    async mergeInto(outer) {
      open = false
      parent = outer
      if (!standing.isProven) outer.discardRows()
      statements.close()
      await statements.handOver(outer.adopt)
      for (const action of actions) outer.onCommit(action)
      // Its marks are under those of the outer one, and nothing is committed. Not awaited: a connection is held.
      // After the end of the outer one it may be committed already.
      void (outer.open ? marks.rollBack() : marks.finish([], []))
    },
    tables: () => tablesOf(statements.all),
  }
}
