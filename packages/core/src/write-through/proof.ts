import type { ReportedTag, TagReport, TagReportRequest, TagRequest } from '../tags/tag.ts'
import type { WriteTag } from '../tags/write-tags.ts'

/** Tags of rows that may be written through. Cells are value cells of the keys in `fields`. */
export interface CandidateTags {
  readonly tags: readonly TagRequest[]
  /** Minimum lifetime of the tags in milliseconds, so that no entry outlives a tag on which it depends. */
  readonly lifetime: number
}

/** A row that a statement returned, ready to be stored as the result of a read by one of its unique keys. */
export interface CandidateRow {
  readonly record: string
  /** Field of the unique key, and the row's value cell. */
  readonly field: string
  readonly cell: string
  /** As in {@link CandidateTags}. */
  readonly lifetime: number
  /** Stores the row. A failure must not fail the write, and the write need not wait for it. */
  store(proof: Proof): Promise<void>
}

/** The nonces that the entry of a row records. */
export interface Proof {
  readonly epoch: string
  /** The nonce of the field as the mark found it, and the nonce that the finish gave the cell. */
  readonly field: string
  readonly cell: string
}

/** A report and the request for it. */
export interface Evidence {
  readonly request: TagReportRequest
  readonly report: TagReport
}

/** The two tags of a row as the mark and the finish found them, in this order. */
export interface RowEvidence {
  readonly epochs: readonly [string, string]
  readonly field: readonly [ReportedTag, ReportedTag]
  readonly cell: readonly [ReportedTag, ReportedTag]
}

/**
 * The conditions under which a returned row is current: no other write touched it between the mark and the finish, and no
 * evidence of one was lost. A row is stored only if all of them hold.
 */
export const conditions: Readonly<Record<string, (seen: RowEvidence) => boolean>> = {
  /** Nonces are valid within one epoch only. */
  sameEpoch: ({ epochs: [before, after] }) => before === after,
  /** A write that was running when this one started may commit after it, and be finished before it. */
  cleanAtMark: ({ field, cell }) => !field[0].otherMark && !cell[0].otherMark,
  /** A write that started since may have committed before or after it. */
  cleanAtFinish: ({ field, cell }) => !field[1].otherMark && !cell[1].otherMark,
  /** If the mark was lost, other writers did not see this write, and traces of their marks may be lost too. */
  ownMark: ({ cell }) => cell[0].ownMark && cell[1].ownMark,
  /** A write that started and finished, or whose mark expired, left a new nonce. Its change may be the newer one. */
  sameNonces: ({ field, cell }) =>
    field[0].nonceBefore === field[1].nonceBefore && cell[0].nonceBefore === cell[1].nonceBefore,
}

/** Returns the candidate tags on which the mark of a write can report: keys that it need not mark, and cells that it marks. */
export function reportRequestOf(
  tag: WriteTag,
  candidates: CandidateTags | undefined,
): TagReportRequest | undefined {
  const requested = candidates?.tags.find(({ record }) => record === tag.record)
  if (!candidates || !requested) return undefined
  const fields = requested.fields.filter((name) => tag.known.includes(name) && !tag.unknown.has(name))
  const cells = requested.cells.filter((name) => tag.cells.has(name))
  return fields.length && cells.length ? { fields, cells, lifetime: candidates.lifetime } : undefined
}

export function candidateTagsOf({ record, field, cell, lifetime }: CandidateRow): CandidateTags {
  return { tags: [{ record, fields: [field], cells: [cell] }], lifetime }
}

/** Merges candidate tags per record. */
export function mergeCandidateTags(candidates: readonly CandidateTags[]): CandidateTags | undefined {
  if (candidates.length < 2) return candidates[0]
  const byRecord = new Map<string, TagRequest>()
  for (const { record, fields, cells } of candidates.flatMap(({ tags }) => tags)) {
    const previous = byRecord.get(record) ?? { record, fields: [], cells: [] }
    const joined = {
      fields: new Set([...previous.fields, ...fields]),
      cells: new Set([...previous.cells, ...cells]),
    }
    byRecord.set(record, { record, fields: [...joined.fields], cells: [...joined.cells] })
  }
  return { tags: [...byRecord.values()], lifetime: Math.max(...candidates.map(({ lifetime }) => lifetime)) }
}

/** Returns the nonces that the entry records. Undefined if the row may not be current: the next read then loads it. */
export function proofOf(
  row: CandidateRow,
  marked: Evidence | undefined,
  finished: Evidence | undefined,
): Proof | undefined {
  const field = [tagIn(marked, 'fields', row.field), tagIn(finished, 'fields', row.field)] as const
  const cell = [tagIn(marked, 'cells', row.cell), tagIn(finished, 'cells', row.cell)] as const
  if (
    !marked ||
    !finished ||
    !field[0]?.nonceBefore ||
    !field[1] ||
    !cell[0]?.nonceBefore ||
    !cell[1]?.nonceAfter
  )
    return undefined
  const epochs = [marked.report.epoch, finished.report.epoch] as const
  const evidence: RowEvidence = { epochs, field: [field[0], field[1]], cell: [cell[0], cell[1]] }
  if (!Object.values(conditions).every((holds) => holds(evidence))) return undefined
  return { epoch: epochs[1], field: field[0].nonceBefore, cell: cell[1].nonceAfter }
}

function tagIn(
  evidence: Evidence | undefined,
  kind: 'fields' | 'cells',
  name: string,
): ReportedTag | undefined {
  const at = evidence?.request[kind].indexOf(name) ?? -1
  return at < 0 ? undefined : evidence?.report[kind][at]
}
