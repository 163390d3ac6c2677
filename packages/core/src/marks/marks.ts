import type { Clock } from '../base/clock.ts'
import type { CacheError } from '../base/errors.ts'
import type { Silence } from '../store/silence.ts'
import type { FinishRequest } from '../store/store.ts'
import type { WriteTag } from '../tags/write-tags.ts'
import type { MarkReports } from '../write-through/row-storage.ts'
import { type BumpDeps, finishesOf, rollbacksOf, sendFinishes } from './finish.ts'
import { createRecordMarks, type RecordMarks, type Sending } from './record-marks.ts'
import { refusalOf } from './refusal.ts'
import { markOf, type Renewals } from './renewals.ts'

/** How long the marks of a write with unknown outcome stay set, in milliseconds. */
export const UNKNOWN_OUTCOME = 60_000
/** Marks older than this, in milliseconds, are sent again before COMMIT, because the store may have lost them. */
const FRESH = 1_000

/** What marks need from the composition root. */
export interface MarkDeps extends BumpDeps {
  readonly clock: Clock
  readonly renewals: Renewals
  /** Bare names of tables whose policy says `onMarkFailure: 'reject'`. */
  readonly rejecting: ReadonlySet<string>
  /** The longest lifetime of any entry, in milliseconds. */
  longestLifetime(): number
}

/** The marks of one write or one transaction, with one token. They stay set until the write is finished. */
export interface Marks {
  /** Marks those tags that are not marked yet. */
  add(tags: readonly WriteTag[], sending: Sending): void
  /** Makes reads of this process that depend on `tags` bypass the cache. Call it before the write may commit. */
  bypassReads(tags: readonly WriteTag[]): void
  /** Sends marks again that have been set for long. */
  refresh(): void
  /**
   * Resolves when the marks of all records, or of the given ones, are acknowledged or have failed, or when the store is known
   * not to answer. Undefined: that is the case already.
   */
  wait(silence: Silence, records?: readonly WriteTag[]): Promise<void> | undefined
  /** Returns whether every mark is acknowledged. */
  isAcknowledged(): boolean
  /** Returns why a write of these tags must not run or commit, if it must not. */
  refusal(tags: readonly WriteTag[]): CacheError | undefined
  /**
   * Removes the marks after the write has committed. Resolves when the store has acknowledged it or it is in the journal, and
   * the rows are stored if they can be.
   * @param returned tags of the rows that the results contained. A key that is still unknown there gets a new nonce.
   */
  finish(returned: readonly WriteTag[]): Promise<void>
  /** Removes the marks of a write that certainly changed nothing. Tags keep their nonce if their mark is still set. */
  rollBack(): Promise<void>
  /** Leaves the marks set for a minute and then finishes them, because the outcome of the write is unknown. */
  abandon(): void
}

/** @param reports the hook of write-through, if rows may be stored. */
export function createMarks(deps: MarkDeps, reports?: MarkReports): Marks {
  const { store, clock, pendingWrites, renewals, rejecting } = deps
  const token = deps.newToken()
  const records = new Map<string, RecordMarks>()
  const covers: (() => void)[] = []
  let oldest: number | undefined

  const tags = (): readonly WriteTag[] => [...records.values()].map((marks) => marks.tag())
  const renewable = {
    renew() {
      for (const tag of tags()) void store.renew(markOf(tag, token))
    },
  }
  const open = (tag: WriteTag): RecordMarks => {
    const marks = createRecordMarks(store, token, tag, reports)
    records.set(tag.record, marks)
    return marks
  }
  const forget = (): void => {
    for (const release of covers.splice(0)) release()
  }
  const takeOff = async (requests: () => readonly FinishRequest[], storing?: MarkReports): Promise<void> => {
    renewals.remove(renewable)
    // After its marks: a finish that overtakes a mark would leave it set. A store that does not answer gets none now.
    const sent = waitFor(store, 'long', [...records.values()])
    if (sent) await sent
    await sendFinishes(deps, requests(), forget, storing)
  }
  const finish = (returned: readonly WriteTag[]): Promise<void> =>
    takeOff(() => finishesOf(tags(), returned, token, reports), reports)
  return {
    add(added, sending) {
      if (oldest === undefined && added.length) {
        oldest = clock.now()
        renewals.add(renewable)
      }
      for (const tag of added) (records.get(tag.record) ?? open(tag)).add(tag, sending)
    },
    bypassReads: (covered) => void covers.push(pendingWrites.add(covered)),
    refresh() {
      if (store.source === 'memory' || oldest === undefined || clock.now() - oldest < FRESH) return
      oldest = clock.now()
      for (const marks of records.values()) marks.repeat()
    },
    wait(silence, only) {
      const marksOfRecords = only?.flatMap(({ record }) => records.get(record) ?? [])
      return waitFor(store, silence, marksOfRecords ?? [...records.values()])
    },
    isAcknowledged: () => [...records.values()].every((marks) => marks.acknowledged),
    refusal(of) {
      const failed = of
        .map(({ record }) => records.get(record))
        .find((marks) => marks?.acknowledged === false)
      return failed && refusalOf(rejecting, of, failed.failure)
    },
    finish,
    rollBack: () => takeOff(() => rollbacksOf(tags(), token, 2 * deps.longestLifetime())),
    abandon: () => void clock.after(UNKNOWN_OUTCOME, () => void finish([])),
  }
}

/** Marks of one record that may be under way. */
export type SettlingMark = Pick<RecordMarks, 'record' | 'settled'>

/** Resolves when none of the marks is under way, or when the store is known not to answer those that are. Undefined: now. */
export function waitFor(
  { source, silence: { has, watch } }: Pick<BumpDeps['store'], 'source' | 'silence'>,
  silence: Silence,
  marks: readonly SettlingMark[],
): Promise<void> | undefined {
  const [only] = marks
  // A store in this process is never silent, and most statements write to one table.
  if (source === 'memory' && marks.length === 1) return only?.settled()
  if (!marks.some((each) => each.settled())) return undefined
  const waitingFor = new Set(marks.filter((each) => each.settled() && !has(each.record, silence)))
  if (!waitingFor.size) return undefined
  return new Promise((resolve) => {
    const done = (each: SettlingMark): void => {
      if (!waitingFor.delete(each) || waitingFor.size) return
      unwatch()
      resolve()
    }
    const unwatch = watch(() => {
      for (const each of [...waitingFor]) if (has(each.record, silence)) done(each)
    })
    for (const each of [...waitingFor]) void each.settled()?.then(() => done(each))
  })
}
