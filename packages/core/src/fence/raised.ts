import { merge, type WriteTag } from '../tags/write-tags.ts'
import { mergeStakes, type RowAtStake, type Stakes, stakesOf } from './at-stake.ts'
import { type Mark, type MarkRoom, raiseMark } from './mark.ts'

/** How a transaction ended: `failed` is proven not to have committed, `unknown` may have. */
export type Outcome = 'committed' | 'failed' | 'unknown'

/** One statement of a transaction, as far as its marks are concerned. */
export interface Marked {
  readonly tags: readonly WriteTag[]
  /** Undefined while the statement runs, and for good if it was rejected. */
  readonly learned: readonly WriteTag[] | undefined
  readonly running: boolean
  /** What is at stake before the statement has returned, and the rows it returned. */
  readonly stakes: Stakes | undefined
  readonly rows: readonly RowAtStake[]
  /** Numbers that grow: when it was begun, and when it came back; undefined until then. */
  readonly began: number
  readonly ended: number | undefined
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
  /** @param proven the rows of a statement that are what a COMMIT made durable. */
  settle(outcome: Outcome, proven: (statement: Marked) => readonly RowAtStake[]): Promise<void>
  /** Takes all off: another scope has marked the same. */
  finish(): Promise<void>
}

export function createRaisedMarks(room: MarkRoom): RaisedMarks {
  const raised = new Set<Raised>()
  let late: ((mark: Mark) => Promise<void> | void) | undefined
  return {
    async raise(statements) {
      // What statements that have returned showed is as good as known: their value cells carry the mark.
      const stakes = stakesBy(statements)
      const tags = shownBy(statements).map((tag) => withCells(tag, stakes))
      if (!tags.length) return undefined
      const one = { mark: await raiseMark(room, tags, stakes), statements }
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
    async settle(outcome, proven) {
      await Promise.all([...raised].map((one) => settle(one, outcome, proven)))
    },
    async finish() {
      await Promise.all([...raised].map((one) => one.mark.finish()))
    },
  }
}

async function settle(
  { mark, statements }: Raised,
  outcome: Outcome,
  proven: (statement: Marked) => readonly RowAtStake[],
): Promise<void> {
  if (outcome === 'unknown' || statements.some((one) => one.running)) mark.leave()
  else if (outcome === 'committed') await mark.finish(shownBy(statements), statements.flatMap(proven))
  else await mark.finish()
}

/** What the statements showed by now; a key that any of them left open stays unknown: bump wins over keep. */
function shownBy(statements: readonly Marked[]): readonly WriteTag[] {
  return merge(statements.flatMap((one) => one.learned ?? one.tags))
}

/** What is at stake by now: the rows that were returned, and of what still runs what is known of it. */
function stakesBy(statements: readonly Marked[]): Stakes | undefined {
  const running = statements.flatMap(({ stakes, rows }) => (stakes && !rows.length ? [stakes] : []))
  return mergeStakes([...statements.flatMap(({ rows }) => rows.map(stakesOf)), ...running])
}

/** A row that was inserted is told by its cells, too: nobody else can touch it before the mark is up. */
function withCells(tag: WriteTag, stakes: Stakes | undefined): WriteTag {
  const cells = stakes?.tags.find(({ record }) => record === tag.record)?.cells
  return cells ? { ...tag, cells: new Set([...tag.cells, ...cells]) } : tag
}
