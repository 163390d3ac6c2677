import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { GuardedStore } from '../store/guard.ts'
import type { FinishRequest, MarkRequest } from '../store/store.ts'
import { isUserTag, markedFields, type WriteTag } from '../tags/write-tags.ts'
import type { Unfinished } from './unfinished.ts'

/** Lifetime of a mark; renewed at a third of it until the write's finish. */
const MARK_LIFETIME = 30_000
/** How long the marks of a write whose outcome nobody knows are kept up. */
export const UNKNOWN_OUTCOME = 60_000
/** First pause before a finish that failed is sent again; doubled up to the last. */
const RETRY_FIRST = 50
const RETRY_LAST = 2_000

/** The marks of one write, up until finished. */
export interface Mark {
  /**
   * Takes the marks off after the outcome is certain.
   * @param learned the same tables with what the result showed; a key still unknown there is bumped.
   * @returns when the store acknowledged it; if the store cannot be reached, once that is known: it is then tried
   * again in the background until it succeeds, and this process bypasses the tags meanwhile.
   */
  finish(learned?: readonly WriteTag[]): Promise<void>
  /** Keeps the marks up for a minute, then bumps everything. */
  leave(): void
}

/** What marks need from the composition root. */
export interface MarkRoom {
  readonly store: GuardedStore
  readonly clock: Clock
  readonly unfinished: Unfinished
}

/** Marks `tags` in the store, one call per table in parallel; resolves when acknowledged, failed or late. */
export async function raiseMark(room: MarkRoom, tags: readonly WriteTag[]): Promise<Mark> {
  const { store, clock, unfinished } = room
  const token = newToken()
  const forget = unfinished.add(tags)
  const requests = tags.map((tag) => markOf(tag, token))
  let stopRenewal = (): void => {}
  const renewLater = (): void => {
    stopRenewal = clock.after(MARK_LIFETIME / 3, () => {
      for (const request of requests) void store.renew(request)
      renewLater()
    })
  }
  renewLater()
  await Promise.all(requests.map((request) => store.mark(request)))

  const finish = (learned: readonly WriteTag[] = []): Promise<void> => {
    stopRenewal()
    return sendAll(room, finishesOf(tags, learned, token), forget)
  }
  return {
    finish,
    leave: () => void clock.after(UNKNOWN_OUTCOME, () => void finish()),
  }
}

/** Bumps tags that no statement of ours is changing: explicit invalidation. Resolves as {@link Mark.finish} does. */
export function bump(room: MarkRoom, tags: readonly WriteTag[]): Promise<void> {
  return sendAll(room, finishesOf(tags, tags, newToken()), room.unfinished.add(tags))
}

/** Sends every finish at least once; what fails is sent again and again, and forgotten when all are acknowledged. */
async function sendAll(
  room: MarkRoom,
  requests: readonly FinishRequest[],
  forget: () => void,
): Promise<void> {
  let left = requests
  return persist(room, forget, async () => {
    const answers = await Promise.all(left.map((request) => room.store.finish(request)))
    left = left.filter((_, index) => !answers[index]?.ok)
    return !left.length
  })
}

/** Ends everything the store holds; otherwise as {@link bump}. */
export function bumpAll(room: MarkRoom): Promise<void> {
  return persist(room, room.unfinished.addAll(), async () => (await room.store.invalidateAll()).ok)
}

/** Resolves after the first attempt; what that left undone goes on in the background. */
async function persist(room: MarkRoom, forget: () => void, attempt: () => Promise<boolean>): Promise<void> {
  if (await attempt()) forget()
  else void again(room, attempt).then(forget)
}

async function again(room: MarkRoom, attempt: () => Promise<boolean>): Promise<void> {
  for (let pause = RETRY_FIRST; ; pause = Math.min(pause * 2, RETRY_LAST)) {
    await new Promise<void>((resolve) => room.clock.after(pause, resolve))
    // A closed store answers nobody, so nothing stale can come from it.
    if (room.store.closed || (await attempt())) return
  }
}

// Random once: drawing it anew for every write would cost as much as the rest of the mark.
const PROCESS = randomBytes(12).toString('base64url')
let tokens = 0

/** Unique among all writes of all processes. */
function newToken(): string {
  return `${PROCESS}${(tokens++).toString(36)}`
}

function markOf(tag: WriteTag, token: string): MarkRequest {
  return {
    record: tag.record,
    token,
    fields: isUserTag(tag) ? [] : markedFields(tag),
    known: tag.known,
    cells: [...tag.cells],
    lifetime: MARK_LIFETIME,
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
): readonly FinishRequest[] {
  return marked.map((tag) => {
    const shown = learned.find((one) => one.record === tag.record)
    const known = (name: string): boolean => shown?.known.includes(name) === true && !shown.unknown.has(name)
    return {
      record: tag.record,
      token,
      untouched: tag.known.filter((name) => !tag.unknown.has(name)),
      keep: [...tag.unknown].filter(known),
      cells: [...new Set([...tag.cells, ...(shown?.cells ?? [])])],
    }
  })
}
