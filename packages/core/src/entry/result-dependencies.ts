import { createBounded } from '../base/bounded-map.ts'
import type { Fetched } from '../store/store.ts'
import type { ReadTag } from '../tags/read-tags.ts'
import type { ResultCells } from '../tags/result-tags.ts'
import type { TagReply, TagRequest } from '../tags/tag.ts'

/** Returns requests for the result dependencies in `tags` alone. */
export function resultCellRequests(tags: readonly ReadTag[]): readonly TagRequest[] {
  return tags
    .filter(({ resultCells }) => resultCells)
    .map(({ record, cells, resultCells = 0 }) => ({ record, fields: [], cells: cells.slice(-resultCells) }))
}

/** Combines a reply for `tags` without their result dependencies with a later reply for these. */
export function joinAnswers(tags: readonly ReadTag[], first: Fetched, later: Fetched): Fetched {
  const replies = [...later.tags]
  return {
    ...first,
    tags: tags.map(({ resultCells, cells }, at): TagReply => {
      const reply = first.tags[at] ?? { fields: [], cells: [] }
      if (!resultCells) return reply
      const asked = reply.cells.slice(0, cells.length - resultCells)
      return { ...reply, cells: [...asked, ...(replies.shift()?.cells ?? [])] }
    }),
  }
}

/** True if all these cells are among `tags`. */
export function includesAll(tags: readonly ReadTag[], learned: readonly ResultCells[]): boolean {
  return learned.every(({ record, cells }) => {
    const asked = tags.find((tag) => tag.record === record)?.cells
    return asked !== undefined && cells.every((cell) => asked.includes(cell))
  })
}

/** The result dependencies that entries had when they were last read. Fetching them at once saves a second round trip. */
export interface KnownResultCells {
  of(name: string): readonly ResultCells[]
  /** @param name of the entry. */
  note(name: string, learned: readonly ResultCells[]): void
}

/** Entries with more cells are not remembered: their hits take two round trips. */
const MOST_CELLS = 20

/** @param most entries remembered. */
export function createKnownResultCells(most: number): KnownResultCells {
  const known = createBounded<readonly ResultCells[]>(most)
  return {
    of: (name) => known.get(name) ?? NONE,
    note(name, learned) {
      const count = learned.reduce((sum, { cells }) => sum + cells.length, 0)
      if (count && count <= MOST_CELLS) known.set(name, learned)
      else known.delete(name)
    },
  }
}

const NONE: readonly ResultCells[] = []
