import { merge, type WriteTag } from '../tags/write-tags.ts'
import { type Mark, type MarkRoom, raiseMark } from './mark.ts'

/** How a transaction ended: `failed` is proven not to have committed, `unknown` may have. */
export type Outcome = 'committed' | 'failed' | 'unknown'

/** One statement of a transaction, as far as its marks are concerned. */
export interface Marked {
  readonly tags: readonly WriteTag[]
  /** Undefined while the statement runs, and for good if it was rejected. */
  readonly learned: readonly WriteTag[] | undefined
  readonly running: boolean
}

/** Statements that were marked together. */
export interface Raised {
  readonly mark: Mark
  readonly statements: readonly Marked[]
}

/** The marks of one transaction, up until it is settled. */
export interface RaisedMarks {
  /** Undefined: there was nothing to mark. */
  raise(statements: readonly Marked[]): Promise<Raised | undefined>
  /** Takes one off at once: what it was for does not run. */
  drop(one: Raised): void
  /** What becomes of marks that are still on their way from now on, instead of being settled with the others. */
  tooLate(then: (mark: Mark) => Promise<void> | void): void
  settle(outcome: Outcome): Promise<void>
  /** Takes all off: another scope has marked the same. */
  finish(): Promise<void>
}

export function createRaisedMarks(room: MarkRoom): RaisedMarks {
  const raised = new Set<Raised>()
  let late: ((mark: Mark) => Promise<void> | void) | undefined
  return {
    async raise(statements) {
      // What statements that have returned showed is as good as known: their value cells carry the mark.
      const tags = shownBy(statements)
      if (!tags.length) return undefined
      const one = { mark: await raiseMark(room, tags), statements }
      if (late) await late(one.mark)
      else raised.add(one)
      return one
    },
    drop(one) {
      if (raised.delete(one)) void one.mark.finish()
    },
    tooLate(then) {
      late = then
    },
    async settle(outcome) {
      await Promise.all([...raised].map((one) => settle(one, outcome)))
    },
    async finish() {
      await Promise.all([...raised].map((one) => one.mark.finish()))
    },
  }
}

async function settle({ mark, statements }: Raised, outcome: Outcome): Promise<void> {
  if (outcome === 'unknown' || statements.some((one) => one.running)) mark.leave()
  else await mark.finish(outcome === 'committed' ? shownBy(statements) : [])
}

/** What the statements showed by now; a key that any of them left open stays unknown: bump wins over keep. */
function shownBy(statements: readonly Marked[]): readonly WriteTag[] {
  return merge(statements.flatMap((one) => one.learned ?? one.tags))
}
