import type { CacheError } from '../base/errors.ts'
import type { Guarded } from '../store/guarded.ts'
import type { TagReport } from '../tags/tag.ts'
import { keysIn, MOST_CELLS, type WriteTag } from '../tags/write-tags.ts'
import type { MarkReports } from '../write-through/row-storage.ts'
import { finishesOf, sendFinishes } from './finish.ts'
import { type MarkDeps, type SettlingMark, UNKNOWN_OUTCOME, waitFor } from './marks.ts'
import { refusalOf } from './refusal.ts'
import { markOf, type RenewableMarks } from './renewals.ts'

/** The marks of one statement. They stay set until it is finished. */
export interface Mark {
  /** Why the write must not run: its marks were not acknowledged, and a policy says `onMarkFailure: 'reject'`. */
  readonly refusal: CacheError | undefined
  /**
   * Removes the marks after the outcome is certain.
   * @param returned the same tables with what the result showed; a key still unknown there is bumped.
   * @returns when the store acknowledged it, or when it is in the journal; and the rows are stored, or not.
   */
  finish(returned?: readonly WriteTag[]): Promise<void>
  /** Leaves the marks set for a minute and then finishes them, because the outcome of the write is unknown. */
  abandon(): void
}

/**
 * Marks `tags` in the store, one call per table in parallel. Resolves when acknowledged or failed: after a second at
 * most, and at once while the store is known not to answer. Each table has one tag.
 * @param reports the hook of write-through, if rows may be stored.
 */
export async function raiseMark(
  deps: MarkDeps,
  tags: readonly WriteTag[],
  reports?: MarkReports,
): Promise<Mark> {
  const mark = new StatementMark(deps, tags, reports)
  const acknowledged = waitFor(deps.store, 'long', mark.records)
  if (acknowledged) await acknowledged
  mark.sealed()
  return mark
}

/**
 * What one statement marks is known from the start, and is marked once. So it needs little of what a transaction's marks
 * need. It is a class because every write of its own creates one, and closures would cost more than all they do.
 */
class StatementMark implements Mark, RenewableMarks {
  readonly records: readonly RecordMark[]
  private readonly deps: MarkDeps
  private readonly tags: readonly WriteTag[]
  private readonly token: string
  private readonly forget: () => void
  private readonly reports: MarkReports | undefined

  constructor(deps: MarkDeps, tags: readonly WriteTag[], reports: MarkReports | undefined) {
    this.deps = deps
    this.tags = tags
    this.token = deps.newToken()
    this.reports = reports
    this.forget = deps.pendingWrites.add(tags)
    this.records = tags.map((tag) => new RecordMark(deps, tag, this.token, reports))
    if (tags.length) deps.renewals.add(this)
  }

  /** Called once, when nobody waits for the marks any more. */
  sealed(): void {
    // What is acknowledged later may come after other writes of the same rows: it proves nothing.
    if (!this.records.every(({ answer }) => answer?.ok)) this.reports?.discard()
  }

  get refusal(): CacheError | undefined {
    const failed = this.records.find(({ answer }) => !answer?.ok)
    if (!failed) return undefined
    const cause = failed.answer?.ok === false ? failed.answer.error : undefined
    return refusalOf(this.deps.rejecting, this.tags, cause)
  }

  async finish(returned: readonly WriteTag[] = []): Promise<void> {
    const { deps, records, token, reports } = this
    deps.renewals.remove(this)
    // After its marks: a finish that overtakes a mark would leave it set. A store that does not answer gets none now.
    const settled = waitFor(deps.store, 'long', records)
    if (settled) await settled
    const marked = records.map(({ tag }) => tag)
    await sendFinishes(deps, finishesOf(marked, returned, token, reports), this.forget, reports)
  }

  abandon(): void {
    this.deps.clock.after(UNKNOWN_OUTCOME, () => void this.finish())
  }

  renew(): void {
    for (const { tag } of this.records) void this.deps.store.renew(markOf(tag, this.token))
  }
}

/** The mark of a statement on one record. */
class RecordMark implements SettlingMark {
  readonly record: string
  /** Everything that has the mark. */
  readonly tag: WriteTag
  /** Undefined while the mark is under way. */
  answer: Guarded<TagReport | undefined> | undefined
  private readonly sent: Promise<void>

  constructor({ store }: MarkDeps, tag: WriteTag, token: string, reports: MarkReports | undefined) {
    this.record = tag.record
    this.tag = tag.cells.size > MOST_CELLS ? widened(tag) : tag
    const reportOn = reports?.requestAtMark(this.tag)
    const request = markOf(this.tag, token, reportOn)
    this.sent = store.mark(request).then((answer) => {
      this.answer = answer
      if (reportOn && answer.ok && answer.value) reports?.marked(reportOn, answer.value)
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
