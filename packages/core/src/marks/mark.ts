import type { CacheError } from '../base/errors.ts'
import type { WriteTag } from '../tags/write-tags.ts'
import type { CandidateRow, CandidateTags } from '../write-through/proof.ts'
import { createMarks, type MarkDeps } from './marks.ts'

/** The marks of one statement. They stay set until it is finished. */
export interface Mark {
  /** Why the write must not run: its marks were not acknowledged, and a policy says `onMarkFailure: 'reject'`. */
  readonly refusal: CacheError | undefined
  /**
   * Takes the marks off after the outcome is certain.
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
 * most, and at once while the store is known not to answer.
 * @param candidates what the marks are to report on, for rows that may be written through.
 */
export async function raiseMark(
  deps: MarkDeps,
  tags: readonly WriteTag[],
  candidates?: CandidateTags,
): Promise<Mark> {
  const marks = createMarks(deps)
  marks.bypassReads(tags)
  marks.add(tags, candidates, 'all')
  await marks.wait('long')
  // What is acknowledged later may come after other writes of the same rows: it proves nothing.
  const proves = marks.acknowledged
  return {
    refusal: marks.refusal(tags),
    finish: (returned = [], rows = []) => marks.finish(returned, proves ? rows : []),
    abandon: marks.abandon,
  }
}
