import type { ReportedTag, TagReport, TagReportRequest, TagRequest } from '../tags/tag.ts'
import type { WriteTag } from '../tags/write-tags.ts'

/** Tags by which rows may be written through, if they are proven; cells are value cells of the fields' keys. */
export interface CandidateTags {
  readonly tags: readonly TagRequest[]
  /** How long tags must live for an entry to outlive nothing it depends on, in milliseconds. */
  readonly lifetime: number
}

/** A row that a statement returned, ready to be stored as the read by one of its unique keys. */
export interface CandidateRow {
  readonly record: string
  /** Field of the unique key, and the row's value cell. */
  readonly field: string
  readonly cell: string
  /** As in {@link CandidateTags}. */
  readonly lifetime: number
  /** Stores it. Nothing of it may fail the write, and nobody needs to wait for it. */
  store(proof: Proof): Promise<void>
}

/** What an entry of the row must be stamped with. */
export interface Proof {
  readonly epoch: string
  /** Nonce of the field as the mark saw it, and the one the finish gave the cell. */
  readonly field: string
  readonly cell: string
}

/** A report with what it answers. */
export interface Evidence {
  readonly request: TagReportRequest
  readonly report: TagReport
}

/** The two tags of a row as its mark and its finish saw them. */
export interface RowEvidence {
  readonly epochs: readonly [string, string]
  readonly field: readonly [ReportedTag, ReportedTag]
  readonly cell: readonly [ReportedTag, ReportedTag]
}

/**
 * What must hold for the row to be the one everybody has to see: from the mark to the finish nobody else was writing
 * it, and nothing was lost in between by which one could tell. All of them, or nothing is stored.
 */
export const conditions: Readonly<Record<string, (seen: RowEvidence) => boolean>> = {
  /** Nonces count together with the epoch. */
  sameEpoch: ({ epochs: [before, after] }) => before === after,
  /** Who else was under way when this write began may commit after it, and be finished before it. */
  cleanAtMark: ({ field, cell }) => !field[0].foreign && !cell[0].foreign,
  /** Who came since may have committed before or after it. */
  cleanAtFinish: ({ field, cell }) => !field[1].foreign && !cell[1].foreign,
  /** A mark that was lost told nobody of this write, and may have taken the traces of others with it. */
  ownMark: ({ cell }) => cell[0].own && cell[1].own,
  /** Who came and went, or whose mark expired, left a new nonce: its change may be the newer one. */
  sameNonces: ({ field, cell }) => field[0].found === field[1].found && cell[0].found === cell[1].found,
}

/** The part of the candidates that the marks of a write can decide about: keys it need not mark, cells that it marks. */
export function reportRequestOf(
  tag: WriteTag,
  candidates: CandidateTags | undefined,
): TagReportRequest | undefined {
  const asked = candidates?.tags.find(({ record }) => record === tag.record)
  if (!candidates || !asked) return undefined
  const fields = asked.fields.filter((name) => tag.known.includes(name) && !tag.unknown.has(name))
  const cells = asked.cells.filter((name) => tag.cells.has(name))
  return fields.length && cells.length ? { fields, cells, lifetime: candidates.lifetime } : undefined
}

export function candidateTagsOf({ record, field, cell, lifetime }: CandidateRow): CandidateTags {
  return { tags: [{ record, fields: [field], cells: [cell] }], lifetime }
}

/** All of them, one for each record. */
export function mergeCandidateTags(candidates: readonly CandidateTags[]): CandidateTags | undefined {
  if (candidates.length < 2) return candidates[0]
  const byRecord = new Map<string, TagRequest>()
  for (const { record, fields, cells } of candidates.flatMap(({ tags }) => tags)) {
    const one = byRecord.get(record) ?? { record, fields: [], cells: [] }
    const joined = { fields: new Set([...one.fields, ...fields]), cells: new Set([...one.cells, ...cells]) }
    byRecord.set(record, { record, fields: [...joined.fields], cells: [...joined.cells] })
  }
  return { tags: [...byRecord.values()], lifetime: Math.max(...candidates.map(({ lifetime }) => lifetime)) }
}

/** The nonces to stamp the row with, or undefined: it is not proven, and the next read loads it. */
export function proofOf(
  row: CandidateRow,
  marked: Evidence | undefined,
  finished: Evidence | undefined,
): Proof | undefined {
  const field = [tagIn(marked, 'fields', row.field), tagIn(finished, 'fields', row.field)] as const
  const cell = [tagIn(marked, 'cells', row.cell), tagIn(finished, 'cells', row.cell)] as const
  if (!marked || !finished || !field[0]?.found || !field[1] || !cell[0]?.found || !cell[1]?.left)
    return undefined
  const epochs = [marked.report.epoch, finished.report.epoch] as const
  const seen: RowEvidence = { epochs, field: [field[0], field[1]], cell: [cell[0], cell[1]] }
  if (!Object.values(conditions).every((holds) => holds(seen))) return undefined
  return { epoch: epochs[1], field: field[0].found, cell: cell[1].left }
}

function tagIn(
  testimony: Evidence | undefined,
  kind: 'fields' | 'cells',
  name: string,
): ReportedTag | undefined {
  const at = testimony?.request[kind].indexOf(name) ?? -1
  return at < 0 ? undefined : testimony?.report[kind][at]
}
