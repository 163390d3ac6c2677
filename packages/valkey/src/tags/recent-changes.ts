import type { FinishRequest, MarkRequest } from '@larder/core/store'
import type { TagChanges } from './change-tags.ts'
import type { Renewals } from './renewal.ts'

/** How long a finish is kept (ms): longer than the lag of a replica that may still be promoted. */
const KEEP_TIME = 5_000
/** How often those are forgotten that were kept for longer (ms): to find the first of many costs more than all else here. */
const PRUNE_EVERY = 50
/** Changes kept one by one. Further ones are kept as a change of their whole table. */
const MOST = 1_000
/** Tables and user tags kept. With more, everything counts as changed. */
const MOST_WHOLE = 1_000

/** What to send to a server again. A server that already has a request is not harmed by it. */
export interface Replay {
  readonly marks: readonly MarkRequest[]
  /** Oldest first. Sent after the marks. */
  readonly finishes: readonly FinishRequest[]
  /** More was changed than was kept, so a new epoch must begin, too. */
  readonly newEpoch: boolean
}

/**
 * Marks of pending writes, and the finishes of the last seconds. A server that was promoted or restarted may have lost them
 * although it acknowledged them, so they are sent again before it is trusted.
 */
export interface RecentChanges {
  /** A mark, or its renewal, is being sent. */
  marked(request: MarkRequest): void
  /** A finish is being sent. Called again when it is acknowledged: it is kept from then on. */
  finished(request: FinishRequest): void
  /** Everything was invalidated: counts like more changes than can be kept. */
  invalidatedAll(): void
  /** What concerns the given records now. */
  replay(concerns: (record: string) => boolean): Replay
}

/** @param now monotonic milliseconds. @param most, mostWhole limits, for tests. */
export function createRecentChanges(
  now: () => number = () => performance.now(),
  most: number = MOST,
  mostWhole: number = MOST_WHOLE,
): RecentChanges {
  const marks = new Map<string, { readonly request: MarkRequest; readonly until: number }>()
  /** Oldest first, like `whole`. */
  const finishes = new Map<string, Timed>()
  const whole = new Map<string, Timed>()
  let [all, pruned] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]

  const keepWhole = (request: FinishRequest, at: number): void => {
    renew(whole, request.record, { request: wholeTable(request), at })
    if (whole.size <= mostWhole) return
    whole.clear()
    all = at
  }
  return {
    marked(request) {
      const until = now() + request.lifetime
      const name = nameOf(request)
      marks.delete(name)
      // A mark that is no longer renewed has expired. Only a full map is worth the search.
      if (marks.size >= most) for (const [key, mark] of marks) if (mark.until < now()) marks.delete(key)
      marks.set(name, { request: marks.size < most ? request : wholeMark(request), until })
    },
    finished(request) {
      const at = now()
      const name = nameOf(request)
      marks.delete(name)
      const sent = finishes.get(name)
      if (sent?.request === request) {
        // Acknowledged. It keeps its place: those behind it are as old, but for the time of a reply.
        sent.at = at
        return
      }
      if (at - pruned >= PRUNE_EVERY) {
        pruned = at
        prune(finishes, at - KEEP_TIME)
        prune(whole, at - KEEP_TIME)
      }
      finishes.delete(name)
      if (finishes.size < most) finishes.set(name, { request, at })
      else keepWhole(request, at)
    },
    invalidatedAll() {
      all = now()
    },
    replay(concerns) {
      const from = now() - KEEP_TIME
      const current = [...finishes.values(), ...whole.values()].filter(
        ({ request, at }) => at >= from && concerns(request.record),
      )
      return {
        marks: [...marks.values()]
          .filter(({ request, until }) => until >= now() && concerns(request.record))
          .map(({ request }) => request),
        finishes: current.map(({ request }) => request),
        newEpoch: all >= from,
      }
    },
  }
}

interface Timed {
  readonly request: FinishRequest
  at: number
}

function nameOf({ record, token }: MarkRequest | FinishRequest): string {
  return `${token} ${record}`
}

/** Puts it at the end, as the newest. */
function renew(map: Map<string, Timed>, name: string, value: Timed): void {
  map.delete(name)
  map.set(name, value)
}

function prune(map: Map<string, Timed>, before: number): void {
  for (const [name, { at }] of map) {
    if (at >= before) return
    map.delete(name)
  }
}

/** Bumps `list` and every field. Cells are not needed: what depends on a cell also depends on its field. */
function wholeTable({ record, cells }: FinishRequest): FinishRequest {
  return { record, token: '', untouched: [], keep: [], cells: ownCell(record, cells) }
}

/** Marks `list`, and every field found, because `known` is empty. */
function wholeMark({ record, token, fields, cells, lifetime }: MarkRequest): MarkRequest {
  return {
    record,
    token,
    fields: fields.filter((field) => field === 'list'),
    known: [],
    cells: ownCell(record, cells),
    lifetime,
  }
}

/** A user tag is a cell with the name of its record, and has no field. */
function ownCell(record: string, cells: readonly string[]): readonly string[] {
  return cells.includes(record) ? [record] : []
}

/** The same changes, recorded: what must be sent again to a server that lost it, and which lifetimes were extended. */
export function recordChanges(tags: TagChanges, recent: RecentChanges, renewals: Renewals): TagChanges {
  return {
    async seed(request, lifetime) {
      const reply = await tags.seed(request, lifetime)
      renewals.done([request], lifetime)
      return reply
    },
    mark(request) {
      recent.marked(request)
      return tags.mark(request)
    },
    async finish(request) {
      recent.finished(request)
      const report = await tags.finish(request)
      recent.finished(request)
      return report
    },
  }
}

/** Sends again what a server may have lost although it acknowledged it. @throws the server's error */
export async function resend(
  tags: TagChanges,
  recent: RecentChanges,
  concerns: (record: string) => boolean,
  renewEpoch: () => Promise<void>,
): Promise<void> {
  const { marks, finishes, newEpoch: everything } = recent.replay(concerns)
  await Promise.all(marks.map((request) => tags.mark(request)))
  await Promise.all(finishes.map((request) => tags.finish(request)))
  if (everything) await renewEpoch()
}
