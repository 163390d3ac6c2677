import { randomBytes } from 'node:crypto'
import type { FinishRequest, MarkRequest } from '../store/store.ts'
import { LIST } from '../tags/spelling.ts'
import type { TagReportRequest } from '../tags/tag.ts'
import { isUserTag, markedFields, type WriteTag } from '../tags/write-tags.ts'
import { type CandidateTags, reportRequestOf } from '../write-through/proof.ts'

/** Lifetime of a mark in milliseconds; renewed at a third of it until the write's finish. */
export const MARK_LIFETIME = 30_000

// Random once: drawing it anew for every write would cost as much as the rest of the mark.
const PROCESS = randomBytes(12).toString('base64url')
let tokens = 0

/** Unique among all writes of all processes. */
export function newToken(): string {
  return `${PROCESS}${(tokens++).toString(36)}`
}

export function markOf(tag: WriteTag, token: string, reportOn?: TagReportRequest): MarkRequest {
  return {
    record: tag.record,
    token,
    fields: isUserTag(tag) ? [] : markedFields(tag),
    known: tag.known,
    cells: [...tag.cells],
    lifetime: MARK_LIFETIME,
    ...(reportOn && { reportOn }),
  }
}

/**
 * A key whose values were all known at the mark is left alone; one that was marked and returned since is kept; every
 * other field is bumped by the store, because it is in neither list.
 */
export function finishesOf(
  marked: readonly WriteTag[],
  returned: readonly WriteTag[],
  token: string,
  candidates?: CandidateTags,
): readonly FinishRequest[] {
  return marked.map((tag) => {
    const reportOn = reportRequestOf(tag, candidates)
    const shown = returned.find(({ record }) => record === tag.record)
    const known = (name: string): boolean => shown?.known.includes(name) === true && !shown.unknown.has(name)
    return {
      record: tag.record,
      token,
      untouched: tag.known.filter((name) => !tag.unknown.has(name)),
      keep: [...tag.unknown].filter(known),
      cells: [...new Set([...tag.cells, ...(shown?.cells ?? [])])],
      ...(reportOn && { reportOn }),
    }
  })
}

/**
 * The same after a proven rollback, which changed nothing: every field and cell keeps its nonce if its mark is still
 * there.
 * @param lifetime of the cells that keep their nonce, in milliseconds.
 */
export function rollbacksOf(
  marked: readonly WriteTag[],
  token: string,
  lifetime: number,
): readonly FinishRequest[] {
  return finishesOf(marked, [], token).map((request, at) => ({
    ...request,
    keep: [LIST, ...(marked[at]?.unknown ?? [])],
    unchanged: { lifetime },
  }))
}
