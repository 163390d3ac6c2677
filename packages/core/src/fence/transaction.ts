import type { WriteTag } from '../tags/write-tags.ts'
import { merge } from '../tags/write-tags.ts'
import { type Mark, type MarkRoom, raiseMark } from './mark.ts'

/** How a transaction ended: `failed` is proven not to have committed, `unknown` may have. */
export type Outcome = 'committed' | 'failed' | 'unknown'

/** One statement of a transaction, as its scope remembers it. */
export interface TransactionWrite {
  /** Tells the scope what the statement's result showed. */
  learned(tags: readonly WriteTag[]): void
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
  /** Ends the scope. Resolves when the finish is acknowledged; an unknown outcome resolves at once. */
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
  let sealed = marking === 'early'
  let seals = Promise.resolve()
  let open = true
  const actions: (() => Promise<void>)[] = []

  const raise = async (which: readonly Entry[]): Promise<void> => {
    // What statements that have returned showed is as good as known: their value cells carry the mark.
    const tags = merge(which.flatMap((entry) => entry.learned ?? entry.tags))
    if (tags.length) raised.push({ mark: await raiseMark(room, tags), entries: which, tags })
  }

  return {
    async write(tags) {
      const entry: Entry = { tags, learned: undefined }
      entries.push(entry)
      if (sealed) await raise([entry])
      return {
        learned(shown) {
          entry.learned = shown
        },
      }
    },
    seal() {
      if (!sealed) {
        sealed = true
        seals = raise([...entries])
      }
      return seals
    },
    onCommit(action) {
      actions.push(action)
    },
    get open() {
      return open
    },
    async end(outcome) {
      open = false
      await seals
      if (outcome !== 'failed') await Promise.all(actions.map((action) => action()))
      if (outcome === 'unknown') for (const { mark } of raised) mark.leave()
      else await Promise.all(raised.map((one) => one.mark.finish(outcome === 'committed' ? shownBy(one) : [])))
    },
    async mergeInto(parent) {
      for (const entry of entries) (await parent.write(entry.tags)).learned(entry.learned ?? entry.tags)
      for (const action of actions) parent.onCommit(action)
    },
    tables: () => [...new Set(entries.flatMap((entry) => entry.tags.map((tag) => tag.table)))],
  }
}

/** What the statements under one mark showed by now; a key that any of them left open stays unknown: bump wins over keep. */
function shownBy(raised: Raised): readonly WriteTag[] {
  return merge(raised.entries.flatMap((entry) => entry.learned ?? entry.tags))
}
