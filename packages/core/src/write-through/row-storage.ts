import type { TagReport, TagReportRequest } from '../tags/tag.ts'
import type { WriteTag } from '../tags/write-tags.ts'
import {
  type CandidateRow,
  type CandidateTags,
  candidateTagsOf,
  type Evidence,
  mergeCandidateTags,
  proofOf,
  reportRequestOf,
} from './proof.ts'

/** The rows that a statement may write through. */
export interface StatementRows {
  /** Tags of the rows, as far as they are known before the statement runs. */
  readonly candidates: CandidateTags | undefined
  /** The rows in its result. Empty until the statement has returned. */
  readonly rows: readonly CandidateRow[]
}

/**
 * The hook by which marks serve write-through. They know nothing else of it. A report has to be part of the mark and of the
 * finish themselves: a second request would show a later state, which other writes may have changed.
 */
export interface MarkReports {
  /** What the mark of a tag is to report on. Undefined: nothing. */
  requestAtMark(tag: WriteTag): TagReportRequest | undefined
  marked(request: TagReportRequest, report: TagReport): void
  /** The marks were not acknowledged before the statement ran: their reports prove nothing. */
  discard(): void
  /** What the finish of a tag is to report on. Undefined: nothing. */
  requestAtFinish(tag: WriteTag): TagReportRequest | undefined
  finished(record: string, request: TagReportRequest, report: TagReport): void
  /** Call it after every finish, before reads of this process may use the cache again. Never rejects. */
  store(): Promise<void>
}

/** Stores the rows of one write or one transaction, if the reports of its marks and finishes prove that they are current. */
export class RowStorage implements MarkReports {
  private readonly candidates: CandidateTags[] = []
  /** What the first mark of each cell reported. */
  private readonly marks = new Map<string, Evidence>()
  /** What the finish of each record reported. */
  private readonly finishes = new Map<string, Evidence>()
  private rows: readonly CandidateRow[] = []
  private discarded = false

  /** @param statement the first one, if it is known. */
  constructor(statement?: StatementRows) {
    if (statement) this.propose([statement])
  }

  /** Requests reports on what is known of the rows by now, and returns it. Call it before the marks are sent. */
  propose(statements: readonly (StatementRows | undefined)[]): CandidateTags | undefined {
    const candidates = mergeCandidateTags(statements.flatMap(candidatesOf))
    if (candidates) this.candidates.push(candidates)
    return candidates
  }

  /** Sets the rows to store. Rows that the marks have already ruled out are left out: the finish need not keep their cells. */
  confirm(rows: readonly CandidateRow[]): void {
    this.rows = this.discarded ? [] : rows.filter(({ cell }) => this.marks.has(cell))
  }

  requestAtMark(tag: WriteTag): TagReportRequest | undefined {
    return reportRequestOf(tag, mergeCandidateTags(this.candidates))
  }

  marked(request: TagReportRequest, report: TagReport): void {
    for (const cell of request.cells) if (!this.marks.has(cell)) this.marks.set(cell, { request, report })
  }

  discard(): void {
    this.discarded = true
  }

  requestAtFinish(tag: WriteTag): TagReportRequest | undefined {
    return reportRequestOf(tag, mergeCandidateTags(this.rows.map(candidateTagsOf)))
  }

  finished(record: string, request: TagReportRequest, report: TagReport): void {
    this.finishes.set(record, { request, report })
  }

  async store(): Promise<void> {
    await Promise.all(this.rows.map((row) => this.storeRow(row)))
  }

  private async storeRow(row: CandidateRow): Promise<void> {
    const proof = proofOf(row, this.marks.get(row.cell), this.finishes.get(row.record))
    // The write has committed. A failure to store its row must not fail it.
    if (proof) await row.store(proof).catch(() => {})
  }
}

/** The tags of the rows that were returned, or else what is known of them. */
function candidatesOf(statement: StatementRows | undefined): readonly CandidateTags[] {
  if (statement?.rows.length) return statement.rows.map(candidateTagsOf)
  return statement?.candidates ? [statement.candidates] : []
}

/** Adds the cells of inserted rows: no other write can change such a row before the mark is set. */
export function withCells(
  tags: readonly WriteTag[],
  candidates: CandidateTags | undefined,
): readonly WriteTag[] {
  if (!candidates) return tags
  return tags.map((tag) => {
    const cells = candidates.tags.find(({ record }) => record === tag.record)?.cells
    return cells ? { ...tag, cells: new Set([...tag.cells, ...cells]) } : tag
  })
}
