import type { CacheError } from '../base/errors.ts'
import type { Guarded } from '../store/guarded.ts'
import type { TagReport } from '../tags/tag.ts'
import { keysIn, MOST_CELLS, type WriteTag } from '../tags/write-tags.ts'
import {
  type CandidateRow,
  type CandidateTags,
  type Evidence,
  reportRequestOf,
} from '../write-through/proof.ts'
import { evidenceOf, finishesOf, newToken, sendFinishes } from './finish.ts'
import {
  candidatesOf,
  type MarkDeps,
  type SettlingMark,
  storeRow,
  UNKNOWN_OUTCOME,
  waitFor,
} from './marks.ts'
import { MARK_LIFETIME, markOf } from './record-marks.ts'
import { refusalOf } from './refusal.ts'

/** The marks of one statement. They stay set until it is finished. */
export interface Mark {
  /** Why the write must not run: its marks were not acknowledged, and a policy says `onMarkFailure: 'reject'`. */
  readonly refusal: CacheError | undefined
  /**
   * Removes the marks after the outcome is certain.
   * @param returned the same tables with what the result showed; a key still unknown there is bumped.
   * @param rows to be written through, if their tags prove that nobody else changed them.
   * @returns when the store acknowledged it, or when it is in the journal; and the rows are stored, or not.
   */
  finish(returned?: readonly WriteTag[], rows?: readonly CandidateRow[]): Promise<void>
  /** Leaves the marks set for a minute and then finishes them, because the outcome of the write is unknown. */
  abandon(): void
}

/**
 * Marks `tags` in the store, one call per table in parallel. Resolves when acknowledged or failed: after a second at
 * most, and at once while the store is known not to answer. Each table has one tag.
 * @param candidates what the marks are to report on, for rows that may be written through.
 */
export async function raiseMark(
  deps: MarkDeps,
  tags: readonly WriteTag[],
  candidates?: CandidateTags,
): Promise<Mark> {
  const mark = new StatementMark(deps, tags, candidates)
  const acknowledged = waitFor(deps.store.silence, 'long', mark.records)
  if (acknowledged) await acknowledged
  mark.sealed()
  return mark
}

/**
 * What one statement marks is known from the start, and is marked once. So it needs little of what a transaction's marks
 * need. It is a class because every write of its own creates one, and closures would cost more than all they do.
 */
class StatementMark implements Mark {
  readonly records: readonly RecordMark[]
  private readonly deps: MarkDeps
  private readonly tags: readonly WriteTag[]
  private readonly token = newToken()
  private readonly forget: () => void
  private stopRenewal: (() => void) | undefined
  /** What is acknowledged later may come after other writes of the same rows: it proves nothing. */
  private proves = false

  constructor(deps: MarkDeps, tags: readonly WriteTag[], candidates: CandidateTags | undefined) {
    this.deps = deps
    this.tags = tags
    this.forget = deps.pendingWrites.add(tags)
    this.records = tags.map((tag) => new RecordMark(deps, tag, this.token, candidates))
    if (tags.length) this.renewLater()
  }

  /** Called once, when nobody waits for the marks any more. */
  sealed(): void {
    this.proves = this.records.every(({ answer }) => answer?.ok === true)
  }

  get refusal(): CacheError | undefined {
    const failed = this.records.find(({ answer }) => !answer?.ok)
    if (!failed) return undefined
    const cause = failed.answer?.ok === false ? failed.answer.error : undefined
    return refusalOf(this.deps.rejecting, this.tags, cause)
  }

  async finish(returned: readonly WriteTag[] = [], rows: readonly CandidateRow[] = []): Promise<void> {
    const { deps, records, token } = this
    this.stopRenewal?.()
    // The finish need not keep cells of rows that the marks have already ruled out.
    const hopeful = this.proves ? rows.filter(({ cell }) => this.reported(cell)) : []
    // After its marks: a finish that overtakes a mark would leave it set. A store that does not answer gets none now.
    const settled = waitFor(deps.store.silence, 'long', records)
    if (settled) await settled
    const marked = records.map(({ tag }) => tag)
    const store = async (finished: ReadonlyMap<string, Evidence>): Promise<void> => {
      await Promise.all(
        hopeful.map((row) => storeRow(row, this.reported(row.cell), finished.get(row.record))),
      )
    }
    const requests = finishesOf(marked, returned, token, candidatesOf(hopeful))
    await sendFinishes(deps, requests, this.forget, hopeful.length ? store : undefined)
  }

  abandon(): void {
    this.deps.clock.after(UNKNOWN_OUTCOME, () => void this.finish())
  }

  private reported(cell: string): Evidence | undefined {
    return this.records.find(({ evidence }) => evidence?.request.cells.includes(cell))?.evidence
  }

  private renewLater(): void {
    this.stopRenewal = this.deps.clock.after(MARK_LIFETIME / 3, () => {
      for (const { tag } of this.records) void this.deps.store.renew(markOf(tag, this.token))
      this.renewLater()
    })
  }
}

/** The mark of a statement on one record. */
class RecordMark implements SettlingMark {
  readonly record: string
  /** Everything that has the mark. */
  readonly tag: WriteTag
  /** Undefined while the mark is under way. */
  answer: Guarded<TagReport | undefined> | undefined
  evidence: Evidence | undefined
  private readonly sent: Promise<void>

  constructor({ store }: MarkDeps, tag: WriteTag, token: string, candidates: CandidateTags | undefined) {
    this.record = tag.record
    this.tag = tag.cells.size > MOST_CELLS ? widened(tag) : tag
    const request = markOf(this.tag, token, reportRequestOf(this.tag, candidates))
    this.sent = store.mark(request).then((answer) => {
      this.answer = answer
      this.evidence = evidenceOf(request, answer)
    })
  }

  settled(): Promise<void> | undefined {
    return this.answer ? undefined : this.sent
  }
}

/** The keys are marked wholly: no cell needs naming. */
function widened(tag: WriteTag): WriteTag {
  return { ...tag, unknown: new Set(keysIn(tag.known)), cells: new Set() }
}
