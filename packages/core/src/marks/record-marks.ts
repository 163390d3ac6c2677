import type { Guarded, GuardedStore } from '../store/guard.ts'
import type { MarkRequest } from '../store/store.ts'
import type { TagReport } from '../tags/tag.ts'
import type { WriteTag } from '../tags/write-tags.ts'
import { type CandidateTags, mergeCandidateTags, reportRequestOf } from '../write-through/proof.ts'
import { markOf } from './mark-requests.ts'
import { createWantedMarks } from './wanted-marks.ts'

/** Marks of one record that are sent one after the other beside statements; the rest is sent together at the seal. */
const MOST_BESIDE = 16

/**
 * When marks are sent:
 * - `beside`: in the background. While one is on its way the next ones wait, and are sent together.
 * - `next`: the same, for a statement that waits for it.
 * - `all`: at once.
 */
export type Sending = 'beside' | 'next' | 'all'

/** The marks of one write on the tags of one record. */
export interface RecordMarks {
  readonly record: string
  /** Marks what is not marked yet. */
  add(tag: WriteTag, candidates: CandidateTags | undefined, sending: Sending): void
  /** Marks everything once more, whatever was marked. */
  repeat(): void
  /** Resolves when no mark is on its way. Undefined: that is so already. */
  settled(): Promise<void> | undefined
  /** All that was asked for has been acknowledged. */
  readonly acknowledged: boolean
  /** Why the last mark failed, if it did. */
  readonly failure: unknown
  /** All that may carry the mark. */
  tag(): WriteTag
}

/** @param answered called with each answer and what it answers. */
export function createRecordMarks(
  store: GuardedStore,
  token: string,
  first: WriteTag,
  answered: (request: MarkRequest, answer: Guarded<TagReport | undefined>) => void,
): RecordMarks {
  const wanted = createWantedMarks(first)
  const candidates: CandidateTags[] = []
  let [onWay, commands, urgent] = [0, 0, false]
  let failed: { readonly error: unknown } | undefined
  let quiet: PromiseWithResolvers<void> | undefined

  const send = (all: boolean): void => {
    const tag = wanted.take(all || failed !== undefined)
    const { unknown } = wanted.tag()
    const reportOn = candidates.length
      ? reportRequestOf({ ...tag, unknown }, mergeCandidateTags(candidates))
      : undefined
    const request = markOf(tag, token, reportOn)
    urgent = false
    failed = undefined
    onWay++
    commands++
    quiet ??= Promise.withResolvers()
    void store.mark(request).then((answer) => over(request, answer))
  }
  const over = (request: MarkRequest, answer: Guarded<TagReport | undefined>): void => {
    onWay--
    if (!answer.ok) failed = answer
    answered(request, answer)
    if (wanted.more && !failed && !onWay && (urgent || commands < MOST_BESIDE)) send(false)
    if (onWay) return
    quiet?.resolve()
    quiet = undefined
  }
  return {
    record: first.record,
    add(tag, candidate, sending) {
      wanted.add(tag)
      if (candidate) candidates.push(candidate)
      if (!wanted.more && !failed) return
      if (sending !== 'beside') urgent = true
      if (sending === 'all' || (!onWay && (urgent || commands < MOST_BESIDE))) send(false)
    },
    repeat: () => send(true),
    settled: () => quiet?.promise,
    get acknowledged() {
      return !onWay && !failed && !wanted.more
    },
    get failure() {
      return failed?.error
    },
    tag: wanted.tag,
  }
}
