import type { WriteTag } from '../tags/write-tags.ts'
import { isUserTag, merge } from '../tags/write-tags.ts'
import { type Mark, type MarkRoom, raiseMark, UNKNOWN_OUTCOME } from './mark.ts'

/** How a transaction ended: `failed` is proven not to have committed, `unknown` may have. */
export type Outcome = 'committed' | 'failed' | 'unknown'

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
  /** Registers a statement before it runs; resolves once it may run. */
  write(tags: readonly WriteTag[]): Promise<TransactionWrite>
  /** Marks all that was written; statements issued afterwards mark at once. Call before COMMIT is sent. */
  seal(): Promise<void>
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

interface Entry {
  tags: readonly WriteTag[]
  /** Undefined while the statement runs, and for good if it was rejected. */
  learned: readonly WriteTag[] | undefined
  running: boolean
  /** The same statement in the transaction that this scope was merged into. */
  heir?: TransactionWrite
}

interface Raised {
  readonly mark: Mark
  readonly entries: readonly Entry[]
  /** The tags as they were marked: keys unknown then and learned since can be kept. */
  readonly tags: readonly WriteTag[]
}

export function createTransaction(room: MarkRoom, marking: 'late' | 'early'): Transaction {
  const entries: Entry[] = []
  const raised: Raised[] = []
  const actions: (() => Promise<void>)[] = []
  let sealed = marking === 'early'
  let seals = Promise.resolve()
  let open = true
  let ended = false
  let heir: Transaction | undefined

  const raise = async (which: readonly Entry[]): Promise<void> => {
    // What statements that have returned showed is as good as known: their value cells carry the mark.
    const tags = merge(which.flatMap((entry) => entry.learned ?? entry.tags))
    if (!tags.length) return
    const mark = await raiseMark(room, tags)
    // Too late: another scope answers for it, or nobody awaited it and it may run at any time in any session.
    if (heir) await mark.finish()
    else if (ended) mark.leave()
    else raised.push({ mark, entries: which, tags })
  }
  const seal = (): Promise<void> => {
    if (!sealed) {
      sealed = true
      seals = raise([...entries])
    }
    return seals
  }
  const act = (): Promise<unknown> => Promise.all(actions.map((action) => action()))

  return {
    async write(tags) {
      if (heir) return heir.write(tags)
      const entry: Entry = { tags, learned: undefined, running: true }
      entries.push(entry)
      if (sealed || !open) await raise([entry])
      return statementOf(entry)
    },
    seal,
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
      ended = true
      await acted
      await Promise.all(raised.map((one) => settle(one, outcome)))
    },
    async mergeInto(parent) {
      open = false
      heir = parent
      for (const entry of entries) await handOver(entry, parent)
      for (const action of actions) parent.onCommit(action)
      // Marks of its own are under the parent's now.
      await Promise.all(raised.map((one) => one.mark.finish()))
    },
    tables() {
      const tags = entries.flatMap((entry) => entry.tags).filter((tag) => !isUserTag(tag))
      return [...new Set(tags.map((tag) => tag.table))]
    },
  }
}

function statementOf(entry: Entry): TransactionWrite {
  return {
    learned(shown) {
      entry.learned = shown
      entry.running = false
      entry.heir?.learned(shown)
    },
    rejected() {
      entry.running = false
      entry.heir?.rejected()
    },
  }
}

async function handOver(entry: Entry, parent: Transaction): Promise<void> {
  const statement = await parent.write(entry.tags)
  entry.heir = statement
  if (entry.learned) statement.learned(entry.learned)
  else if (!entry.running) statement.rejected()
}

async function settle(one: Raised, outcome: Outcome): Promise<void> {
  if (outcome === 'unknown' || one.entries.some((entry) => entry.running)) one.mark.leave()
  else await one.mark.finish(outcome === 'committed' ? shownBy(one) : [])
}

/** What the statements under one mark showed by now; a key that any of them left open stays unknown: bump wins over keep. */
function shownBy(raised: Raised): readonly WriteTag[] {
  return merge(raised.entries.flatMap((entry) => entry.learned ?? entry.tags))
}
