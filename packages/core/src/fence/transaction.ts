import type { CacheError } from '../errors.ts'
import type { WriteTag } from '../tags/write-tags.ts'
import { isUserTag } from '../tags/write-tags.ts'
import { type MarkRoom, UNKNOWN_OUTCOME } from './mark.ts'
import { createRaisedMarks, type Marked, type Outcome } from './raised.ts'

export type { Outcome } from './raised.ts'

/** One statement of a transaction, as its scope remembers it. */
export interface TransactionWrite {
  /** Tells the scope what the statement's result showed. */
  learned(tags: readonly WriteTag[]): void
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
   * Registers a statement before it runs; resolves once it may run.
   * @throws CacheError `LARDER_MARK_FAILED` when it marks at once, cannot, and a policy asks for that.
   */
  write(tags: readonly WriteTag[]): Promise<TransactionWrite>
  /** The same for what nobody can refuse any more: a statement of a scope nested in this one, an invalidation. */
  adopt(tags: readonly WriteTag[]): Promise<TransactionWrite>
  /**
   * Marks all that was written; statements issued afterwards mark at once. Call before COMMIT is sent.
   * @throws CacheError `LARDER_MARK_FAILED`, each time, when that failed and a policy asks for it: do not commit then.
   */
  seal(): Promise<void>
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
  running: boolean
  /** The same statement in the transaction that this scope was merged into. */
  heir?: TransactionWrite
}

export function createTransaction(room: MarkRoom, marking: 'late' | 'early'): Transaction {
  const statements: Statement[] = []
  const marks = createRaisedMarks(room)
  const actions: (() => Promise<void>)[] = []
  let sealed = marking === 'early'
  let seals: Promise<CacheError | undefined> = Promise.resolve(undefined)
  let refusal: CacheError | undefined
  let open = true
  let heir: Transaction | undefined

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
  const add = async (tags: readonly WriteTag[], refusable: boolean): Promise<TransactionWrite> => {
    const statement: Statement = { tags, learned: undefined, running: true }
    statements.push(statement)
    const raised = sealed || !open ? await marks.raise([statement]) : undefined
    const refused = refusable && raised?.mark.refusal
    if (!refused) return toldOf(statement)
    // It does not run: all it leaves behind is a mark to take off.
    refusal ??= refused
    statements.splice(statements.indexOf(statement), 1)
    marks.drop(raised)
    throw refused
  }
  const act = (): Promise<unknown> => Promise.all(actions.map((action) => action()))

  return {
    write: async (tags) => (heir ? heir.write(tags) : add(tags, true)),
    adopt: async (tags) => (heir ? heir.adopt(tags) : add(tags, false)),
    async seal() {
      const refused = await seal()
      if (refused) throw refused
    },
    get refusal() {
      return refusal
    },
    unsent() {
      for (const statement of statements) statement.running = false
    },
    onCommit(action) {
      if (heir) heir.onCommit(action)
      else actions.push(action)
    },
    get open() {
      return open
    },
    async end(outcome) {
      open = false
      // At once: whoever does not wait for this still finds what was invalidated gone.
      const acted = outcome === 'failed' ? undefined : act()
      if (outcome === 'unknown' && actions.length) room.clock.after(UNKNOWN_OUTCOME, () => void act())
      // A host that could not seal before COMMIT: late is better than never.
      await (outcome === 'failed' ? seals : seal())
      // Nobody awaited those: they may run at any time in any session.
      marks.tooLate((mark) => mark.leave())
      await acted
      await marks.settle(outcome)
    },
    async mergeInto(parent) {
      open = false
      heir = parent
      marks.tooLate((mark) => mark.finish())
      for (const statement of statements) await handOver(statement, parent)
      for (const action of actions) parent.onCommit(action)
      // Marks of its own are under the parent's now.
      await marks.finish()
    },
    tables() {
      const tags = statements.flatMap((one) => one.tags).filter((tag) => !isUserTag(tag))
      return [...new Set(tags.map((tag) => tag.table))]
    },
  }
}

function toldOf(statement: Statement): TransactionWrite {
  return {
    learned(shown) {
      statement.learned = shown
      statement.running = false
      statement.heir?.learned(shown)
    },
    rejected() {
      statement.running = false
      statement.heir?.rejected()
    },
  }
}

async function handOver(statement: Statement, parent: Transaction): Promise<void> {
  const heir = await parent.adopt(statement.tags)
  statement.heir = heir
  if (statement.learned) heir.learned(statement.learned)
  else if (!statement.running) heir.rejected()
}
