import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { CacheError } from '../errors.ts'
import type { Guarded, GuardedStore } from '../store/guard.ts'
import type { FinishRequest, MarkRequest } from '../store/store.ts'
import type { TagReport, Witness } from '../tags/tag.ts'
import { isUserTag, markedFields, type WriteTag } from '../tags/write-tags.ts'
import {
  mergeStakes,
  proofOf,
  type RowAtStake,
  type Stakes,
  stakesOf,
  type Testimony,
  witnessOf,
} from './at-stake.ts'
import type { Journal } from './journal.ts'
import { refusalOf } from './refusal.ts'
import type { Unfinished } from './unfinished.ts'

/** Lifetime of a mark; renewed at a third of it until the write's finish. */
const MARK_LIFETIME = 30_000
/** How long the marks of a write whose outcome nobody knows are kept up. */
export const UNKNOWN_OUTCOME = 60_000

/** The marks of one write, up until finished. */
export interface Mark {
  /** Why the write must not run: the store did not acknowledge its marks, and a table it touches asks for that. */
  readonly refusal: CacheError | undefined
  /**
   * Takes the marks off after the outcome is certain.
   * @param learned the same tables with what the result showed; a key still unknown there is bumped.
   * @param rows to be written through, if their tags prove that nobody else changed them.
   * @returns when the store acknowledged it, or when it is in the journal; and the rows are stored, or not.
   */
  finish(learned?: readonly WriteTag[], rows?: readonly RowAtStake[]): Promise<void>
  /** Keeps the marks up for a minute, then bumps everything. */
  leave(): void
}

/** What marks need from the composition root. */
export interface MarkRoom {
  readonly store: GuardedStore
  readonly clock: Clock
  readonly unfinished: Unfinished
  readonly journal: Journal
  /** Bare names of tables whose policy says `onMarkFailure: 'reject'`. */
  readonly rejecting: ReadonlySet<string>
}

/**
 * Marks `tags` in the store, one call per table in parallel; resolves when acknowledged, failed or late.
 * @param stakes what the marks are to report on, for rows that may be written through.
 */
export async function raiseMark(room: MarkRoom, tags: readonly WriteTag[], stakes?: Stakes): Promise<Mark> {
  const { store, clock, unfinished } = room
  const token = newToken()
  const forget = unfinished.add(tags)
  const requests = tags.map((tag) => markOf(tag, token, witnessOf(tag, stakes)))
  let stopRenewal = (): void => {}
  const renewLater = (): void => {
    stopRenewal = clock.after(MARK_LIFETIME / 3, () => {
      for (const request of requests) void store.renew(request)
      renewLater()
    })
  }
  renewLater()
  const answers = await Promise.all(requests.map((request) => store.mark(request)))

  const marked = testimonies(requests, answers)
  const finish = (learned: readonly WriteTag[] = [], rows: readonly RowAtStake[] = []): Promise<void> => {
    stopRenewal()
    // What the marks have already shown to be hopeless need not be kept by the finish.
    const hopeful = rows.filter((row) => marked.has(row.record))
    const requested = finishesOf(tags, learned, token, mergeStakes(hopeful.map(stakesOf)))
    return sendAll(room, requested, forget, (finished) => storeAll(hopeful, marked, finished))
  }
  return {
    refusal: refusalOf(room.rejecting, tags, answers),
    finish,
    leave: () => void clock.after(UNKNOWN_OUTCOME, () => void finish()),
  }
}

/** What explicit invalidation needs of it: nothing is marked, so nothing is rejected. */
export type BumpRoom = Omit<MarkRoom, 'rejecting'>

/** Bumps tags that no statement of ours is changing: explicit invalidation. Resolves as {@link Mark.finish} does. */
export function bump(room: BumpRoom, tags: readonly WriteTag[]): Promise<void> {
  return sendAll(room, finishesOf(tags, tags, newToken()), room.unfinished.add(tags))
}

/** Sends every finish once. What fails is the journal's, and covered by it before the write lets go. */
async function sendAll(
  { store, journal }: BumpRoom,
  requests: readonly FinishRequest[],
  forget: () => void,
  then?: (finished: Testimonies) => Promise<void>,
): Promise<void> {
  const answers = await Promise.all(requests.map((request) => store.finish(request)))
  journal.add(requests.filter((_, index) => !answers[index]?.ok))
  // Before reads of this process ask for it: what the memory tier gets, it has when this call returns.
  const stored = then?.(testimonies(requests, answers))
  forget()
  await stored
}

/** What was reported, by record. */
type Testimonies = ReadonlyMap<string, Testimony>

function testimonies(
  requests: readonly { readonly record: string; readonly witness?: Witness }[],
  answers: readonly Guarded<TagReport | undefined>[],
): Testimonies {
  const told = new Map<string, Testimony>()
  for (const [index, { record, witness }] of requests.entries()) {
    const answer = answers[index]
    if (witness && answer?.ok && answer.value) told.set(record, { witness, report: answer.value })
  }
  return told
}

/** Rows that are not proven are not stored: the next read loads them. */
async function storeAll(
  rows: readonly RowAtStake[],
  marked: Testimonies,
  finished: Testimonies,
): Promise<void> {
  await Promise.all(
    rows.map(async (row) => {
      const proof = proofOf(row, marked.get(row.record), finished.get(row.record))
      // The write has happened, whatever becomes of its row.
      if (proof) await row.store(proof).catch(() => {})
    }),
  )
}

/**
 * The same by a driver that answers at once, when its write is done. A store in this process knows before anybody else
 * runs; any other is told in the background, and reads of this process go past the cache until it has heard.
 */
export function bumpAtOnce(room: BumpRoom, tags: readonly WriteTag[]): void {
  const { atOnce } = room.store
  if (!atOnce) {
    void bump(room, tags)
    return
  }
  // Other caches of this process may have to hear of it.
  const forget = room.unfinished.add(tags)
  for (const request of finishesOf(tags, tags, newToken())) atOnce.finish(request)
  forget()
}

/** Ends everything the store holds; otherwise as {@link bump}. */
export async function bumpAll({ store, journal, unfinished }: BumpRoom): Promise<void> {
  const forget = unfinished.addAll()
  if (!(await store.invalidateAll()).ok) journal.addEverything()
  forget()
}

// Random once: drawing it anew for every write would cost as much as the rest of the mark.
const PROCESS = randomBytes(12).toString('base64url')
let tokens = 0

/** Unique among all writes of all processes. */
function newToken(): string {
  return `${PROCESS}${(tokens++).toString(36)}`
}

function markOf(tag: WriteTag, token: string, witness: Witness | undefined): MarkRequest {
  return {
    record: tag.record,
    token,
    fields: isUserTag(tag) ? [] : markedFields(tag),
    known: tag.known,
    cells: [...tag.cells],
    lifetime: MARK_LIFETIME,
    ...(witness && { witness }),
  }
}

/**
 * A key whose values were all known at the mark is left alone; one that was marked and learned since is kept; every
 * other field is bumped by the store, because it is in neither list.
 */
function finishesOf(
  marked: readonly WriteTag[],
  learned: readonly WriteTag[],
  token: string,
  stakes?: Stakes,
): readonly FinishRequest[] {
  return marked.map((tag) => {
    const witness = witnessOf(tag, stakes)
    const shown = learned.find((one) => one.record === tag.record)
    const known = (name: string): boolean => shown?.known.includes(name) === true && !shown.unknown.has(name)
    return {
      record: tag.record,
      token,
      untouched: tag.known.filter((name) => !tag.unknown.has(name)),
      keep: [...tag.unknown].filter(known),
      cells: [...new Set([...tag.cells, ...(shown?.cells ?? [])])],
      ...(witness && { witness }),
    }
  })
}
