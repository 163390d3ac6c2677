import type { Clock } from '../base/clock.ts'
import type { CacheError } from '../base/errors.ts'
import type { Silence } from '../store/silence.ts'
import type { FinishRequest } from '../store/store.ts'
import type { WriteTag } from '../tags/write-tags.ts'
import {
  type CandidateRow,
  type CandidateTags,
  candidateTagsOf,
  type Evidence,
  mergeCandidateTags,
  proofOf,
} from '../write-through/proof.ts'
import { type BumpDeps, evidenceOf, sendFinishes } from './finish.ts'
import { finishesOf, MARK_LIFETIME, markOf, newToken, rollbacksOf } from './mark-requests.ts'
import { createRecordMarks, type RecordMarks, type Sending } from './record-marks.ts'
import { refusalOf } from './refusal.ts'

/** How long the marks of a write whose outcome nobody knows are kept up, in milliseconds. */
export const UNKNOWN_OUTCOME = 60_000
/** Marks older than this, in milliseconds, are repeated before COMMIT: the store may have lost them unnoticed. */
const FRESH = 1_000

/** What marks need from the composition root. */
export interface MarkDeps extends BumpDeps {
  readonly clock: Clock
  /** Bare names of tables whose policy says `onMarkFailure: 'reject'`. */
  readonly rejecting: ReadonlySet<string>
  /** The longest lifetime of any entry, in milliseconds. */
  longestLifetime(): number
}

/** The marks of one write or one transaction, under one token, up until finished. */
export interface Marks {
  /** Marks what is not marked yet. */
  add(tags: readonly WriteTag[], candidates: CandidateTags | undefined, sending: Sending): void
  /** From now on reads of this process that depend on `tags` bypass the cache. Call before the write may commit. */
  bypassReads(tags: readonly WriteTag[]): void
  /** Repeats marks that have been up for long. */
  refresh(): void
  /**
   * Resolves when the marks of all records, or of the given ones, are acknowledged or failed, or when it is known that
   * the store does not answer. Undefined: that is so already.
   */
  wait(silence: Silence, records?: readonly WriteTag[]): Promise<void> | undefined
  /** Everything asked for is acknowledged. */
  readonly acknowledged: boolean
  /** Why a write of these tags must not run or commit, if it must not. */
  refusal(tags: readonly WriteTag[]): CacheError | undefined
  /**
   * Takes the marks off when the write has committed. Resolves when the store acknowledged it, or when it is in the
   * journal; and the rows are stored, or not.
   * @param returned the same tables with what the results showed; a key still unknown there is bumped.
   * @param rows to be written through, if their tags prove that nobody else changed them.
   */
  finish(returned: readonly WriteTag[], rows: readonly CandidateRow[]): Promise<void>
  /** The same when the write has certainly changed nothing: every tag keeps its nonce if its mark is still there. */
  rollBack(): Promise<void>
  /** Keeps the marks up for a minute, then bumps everything. */
  abandon(): void
}

export function createMarks(deps: MarkDeps): Marks {
  const { store, clock, pendingWrites, rejecting } = deps
  const token = newToken()
  const records = new Map<string, RecordMarks>()
  const covers: (() => void)[] = []
  /** What the first mark of each cell reported. */
  const reported = new Map<string, Evidence>()
  let stopRenewal: (() => void) | undefined
  let oldest = 0

  const tags = (): readonly WriteTag[] => [...records.values()].map((marks) => marks.tag())
  const renewLater = (): void => {
    stopRenewal = clock.after(MARK_LIFETIME / 3, () => {
      for (const tag of tags()) void store.renew(markOf(tag, token))
      renewLater()
    })
  }
  const open = (tag: WriteTag): RecordMarks => {
    const marks = createRecordMarks(store, token, tag, (request, answer) => {
      const report = evidenceOf(request, answer)
      for (const cell of report?.request.cells ?? [])
        if (report && !reported.has(cell)) reported.set(cell, report)
    })
    records.set(tag.record, marks)
    return marks
  }
  const forget = (): void => {
    for (const release of covers.splice(0)) release()
  }
  const takeOff = async (requests: () => readonly FinishRequest[], then?: StoreRows): Promise<void> => {
    stopRenewal?.()
    // Behind its marks: a finish that overtook one would leave it there. To who does not answer none is sent now.
    const sent = waitFor(store.silence, 'long', [...records.values()])
    if (sent) await sent
    await sendFinishes(deps, requests(), forget, then)
  }
  const finish = (returned: readonly WriteTag[], rows: readonly CandidateRow[]): Promise<void> => {
    // What the marks have already shown to be hopeless need not be kept by the finish.
    const hopeful = rows.filter(({ cell }) => reported.has(cell))
    return takeOff(
      () => finishesOf(tags(), returned, token, mergeCandidateTags(hopeful.map(candidateTagsOf))),
      async (finished) => {
        await Promise.all(
          hopeful.map((row) => storeRow(row, reported.get(row.cell), finished.get(row.record))),
        )
      },
    )
  }
  return {
    add(added, candidates, sending) {
      if (!stopRenewal && added.length) {
        oldest = clock.now()
        renewLater()
      }
      for (const tag of added) (records.get(tag.record) ?? open(tag)).add(tag, candidates, sending)
    },
    bypassReads: (covered) => void covers.push(pendingWrites.add(covered)),
    refresh() {
      if (store.source === 'memory' || clock.now() - oldest < FRESH) return
      oldest = clock.now()
      for (const marks of records.values()) marks.repeat()
    },
    wait(silence, only) {
      const given = only?.flatMap(({ record }) => records.get(record) ?? [])
      return waitFor(store.silence, silence, given ?? [...records.values()])
    },
    get acknowledged() {
      return [...records.values()].every((marks) => marks.acknowledged)
    },
    refusal(of) {
      const failed = of
        .map(({ record }) => records.get(record))
        .find((marks) => marks?.acknowledged === false)
      return failed && refusalOf(rejecting, of, failed.failure)
    },
    finish,
    rollBack: () => takeOff(() => rollbacksOf(tags(), token, 2 * deps.longestLifetime())),
    abandon: () => void clock.after(UNKNOWN_OUTCOME, () => void finish([], [])),
  }
}

type StoreRows = (finished: ReadonlyMap<string, Evidence>) => Promise<void>

function waitFor(
  { has, watch }: BumpDeps['store']['silence'],
  silence: Silence,
  marks: readonly RecordMarks[],
): Promise<void> | undefined {
  const left = new Set(marks.filter((one) => one.settled() && !has(one.record, silence)))
  if (!left.size) return undefined
  return new Promise((resolve) => {
    const done = (one: RecordMarks): void => {
      if (!left.delete(one) || left.size) return
      unwatch()
      resolve()
    }
    const unwatch = watch(() => {
      for (const one of [...left]) if (has(one.record, silence)) done(one)
    })
    for (const one of [...left]) void one.settled()?.then(() => done(one))
  })
}

/** A row that is not proven is not stored: the next read loads it. */
async function storeRow(
  row: CandidateRow,
  marked: Evidence | undefined,
  finished: Evidence | undefined,
): Promise<void> {
  const proof = proofOf(row, marked, finished)
  // The write has happened, whatever becomes of its row.
  if (proof) await row.store(proof).catch(() => {})
}
