import type { FinishRequest, MarkRequest } from '@larder/core/store'
import type { TagChanges } from './change-tags.ts'
import type { Renewals } from './renewal.ts'

/** How long a finish is kept: longer than a replica that may still be promoted lags behind. Milliseconds. */
const KEPT = 5_000
/** Changes kept one by one; more of them are kept as one change of their whole table. */
const MOST = 1_000
/** Tables and user tags kept; beyond, everything counts as changed. */
const MOST_WHOLE = 1_000

/** What to send to a server again. Each request is harmless to one that knows it already. */
export interface Replay {
  readonly marks: readonly MarkRequest[]
  /** Oldest first. Sent after the marks. */
  readonly finishes: readonly FinishRequest[]
  /** More was changed than is remembered: begin a new epoch as well. */
  readonly everything: boolean
}

/**
 * Marks under way and what was bumped in the last seconds. A server that was promoted, or came back, may have lost
 * them although they were acknowledged: they are sent again before it is believed.
 */
export interface Recent {
  /** A mark, or its renewal, is being sent. */
  marked(request: MarkRequest): void
  /** A finish is being sent; once more when it is acknowledged, from when on its time counts. */
  finished(request: FinishRequest): void
  /** `invalidateAll` was asked for: counts like more changes than are remembered. */
  everything(): void
  /** What concerns the given records, at this moment. */
  replay(concerns: (record: string) => boolean): Replay
}

/** @param now monotonic milliseconds. */
export function createRecent(
  now: () => number = () => performance.now(),
  most: number = MOST,
  mostWhole: number = MOST_WHOLE,
): Recent {
  const marks = new Map<string, { readonly request: MarkRequest; readonly until: number }>()
  /** Oldest first, both. */
  const finishes = new Map<string, Timed>()
  const whole = new Map<string, Timed>()
  let all = Number.NEGATIVE_INFINITY

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
      // A mark whose writer stopped renewing it is over; only a full map is worth the search.
      if (marks.size >= most) for (const [key, mark] of marks) if (mark.until < now()) marks.delete(key)
      marks.set(name, { request: marks.size < most ? request : wholeMark(request), until })
    },
    finished(request) {
      const at = now()
      const name = nameOf(request)
      marks.delete(name)
      prune(finishes, at - KEPT)
      prune(whole, at - KEPT)
      finishes.delete(name)
      if (finishes.size < most) finishes.set(name, { request, at })
      else keepWhole(request, at)
    },
    everything() {
      all = now()
    },
    replay(concerns) {
      const from = now() - KEPT
      const kept = [...finishes.values(), ...whole.values()].filter(
        ({ request, at }) => at >= from && concerns(request.record),
      )
      return {
        marks: [...marks.values()]
          .filter(({ request, until }) => until >= now() && concerns(request.record))
          .map(({ request }) => request),
        finishes: kept.map(({ request }) => request),
        everything: all >= from,
      }
    },
  }
}

interface Timed {
  readonly request: FinishRequest
  readonly at: number
}

function nameOf({ record, token }: MarkRequest | FinishRequest): string {
  return `${token} ${record}`
}

/** Puts it at the end, where the youngest are. */
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

/** Bumps `list` and every field: cells need no mention, because whoever depends on a cell depends on its field too. */
function wholeTable({ record, cells }: FinishRequest): FinishRequest {
  return { record, token: '', untouched: [], keep: [], cells: ownCell(record, cells) }
}

/** Marks `list` and, knowing none, every field found. */
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

/** The same changes, remembered: what a server that lost them must be told again, and what need not be prolonged. */
export function remembering(tags: TagChanges, recent: Recent, renewals: Renewals): TagChanges {
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
      const seen = await tags.finish(request)
      recent.finished(request)
      return seen
    },
  }
}

/** Sends again what a server may have lost although it acknowledged it. @throws the server's error. */
export async function resend(
  tags: TagChanges,
  recent: Recent,
  concerns: (record: string) => boolean,
  renewEpoch: () => Promise<void>,
): Promise<void> {
  const { marks, finishes, everything } = recent.replay(concerns)
  await Promise.all(marks.map((request) => tags.mark(request)))
  await Promise.all(finishes.map((request) => tags.finish(request)))
  if (everything) await renewEpoch()
}
