import { LRUCache } from 'lru-cache'
import { createBounded } from '../base/bounded-map.ts'
import type { Fetched } from '../store/store.ts'
import type { ReadTag } from '../tags/read-tags.ts'
import type { ResultCells } from '../tags/result-tags.ts'
import type { TagReply, TagRequest } from '../tags/tag.ts'

/** Returns requests for those of `tags` alone that only an entry names. */
export function resultCellRequests(tags: readonly ReadTag[]): readonly TagRequest[] {
  return tags
    .filter(({ resultCells, captured }) => captured || resultCells)
    .map(({ record, fields, cells, captured, resultCells = 0 }) =>
      captured ? { record, fields, cells } : { record, fields: [], cells: cells.slice(-resultCells) },
    )
}

/** Combines a reply for `tags` without their result dependencies with a later reply for these. */
export function joinAnswers(tags: readonly ReadTag[], first: Fetched, later: Fetched): Fetched {
  const replies = [...later.tags]
  return {
    ...first,
    tags: tags.map(({ resultCells, cells, captured }, at): TagReply => {
      if (captured) return replies.shift() ?? NO_REPLY
      const reply = first.tags[at] ?? NO_REPLY
      if (!resultCells) return reply
      const cellsAskedFor = reply.cells.slice(0, cells.length - resultCells)
      return { ...reply, cells: [...cellsAskedFor, ...(replies.shift()?.cells ?? [])] }
    }),
  }
}

const NO_REPLY: TagReply = { fields: [], cells: [] }

/** True if all that only an entry names is among `tags`. */
export function includesAll(tags: readonly ReadTag[], resultCells: readonly ResultCells[]): boolean {
  if (!resultCells.length) return true
  return resultCells.every(({ record, fields, cells }) => {
    const requested = tags.find(
      (tag) => tag.record === record && (tag.captured ?? false) === (fields !== undefined),
    )
    if (!requested || fields?.some((field) => !requested.fields.includes(field))) return false
    return cells.every((cell) => requested.cells.includes(cell))
  })
}

/** The result dependencies that entries had when they were last read. Fetching them at once saves a second round trip. */
export interface KnownResultCells {
  of(name: string): readonly ResultCells[]
  /** @param name of the entry. */
  note(name: string, resultCells: readonly ResultCells[]): void
}

/** Entries with more cells are not remembered: their hits take two round trips. */
const MOST_CELLS = 20
/** The same for captured tags, of which all entries together remember so many. */
const MOST_CAPTURED = 200
const MOST_CAPTURED_OF_ALL = 100_000

/** @param most entries remembered. */
export function createKnownResultCells(most: number): KnownResultCells {
  const cellsByName = createBounded<readonly ResultCells[]>(most)
  const captured = new LRUCache<string, readonly ResultCells[]>({
    maxSize: MOST_CAPTURED_OF_ALL,
    sizeCalculation: namesIn,
  })
  let notes = false
  return {
    of: (name) => (notes ? (cellsByName.get(name) ?? captured.get(name) ?? NONE) : NONE),
    note(name, resultCells) {
      // Nearly every entry has none, and nearly every client has only such entries.
      if (!resultCells.length && !notes) return
      notes = true
      const count = namesIn(resultCells)
      const isCaptured = resultCells.some(({ fields }) => fields)
      if (isCaptured && count <= MOST_CAPTURED) captured.set(name, resultCells)
      else captured.delete(name)
      if (!isCaptured && count && count <= MOST_CELLS) cellsByName.set(name, resultCells)
      else cellsByName.delete(name)
    },
  }
}

function namesIn(resultCells: readonly ResultCells[]): number {
  return resultCells.reduce((sum, { fields = [], cells }) => sum + fields.length + cells.length, 0)
}

const NONE: readonly ResultCells[] = []
