import { isUserTag, merge, type WriteTag } from '../tags/write-tags.ts'
import {
  type CandidateRow,
  type CandidateTags,
  candidateTagsOf,
  mergeCandidateTags,
} from '../write-through/proof.ts'

/** A writing statement of a transaction: its tags and its rows. */
export interface Statement {
  readonly tags: readonly WriteTag[]
  /** Tags of the rows that the statement returned. Undefined while it runs and if it was rejected. */
  readonly returnedTags: readonly WriteTag[] | undefined
  readonly running: boolean
  /** What is at candidate before the statement has returned, and the rows it returned. */
  readonly candidates: CandidateTags | undefined
  readonly rows: readonly CandidateRow[]
  /** Sequence numbers of its start and its end. `ended` is undefined while it runs. */
  readonly began: number
  readonly ended: number | undefined
}

/** Merges the tags of statements. A key that is unknown in one of them stays unknown. */
export function tagsOfStatements(statements: readonly Statement[]): readonly WriteTag[] {
  return merge(statements.flatMap((statement) => statement.returnedTags ?? statement.tags))
}

/** What is at candidate by now: the rows that were returned, and of what still runs what is known of it. */
export function candidateTagsOfStatements(statements: readonly Statement[]): CandidateTags | undefined {
  const running = statements.flatMap(({ candidates, rows }) =>
    candidates && !rows.length ? [candidates] : [],
  )
  return mergeCandidateTags([...statements.flatMap(({ rows }) => rows.map(candidateTagsOf)), ...running])
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

/**
 * Leaves out unknown keys, for a statement whose result will contain the rows it changed: a key marked as unknown would be
 * dirty for every row until COMMIT.
 */
export function withoutUnknownKeys(tags: readonly WriteTag[]): readonly WriteTag[] {
  return tags.map((tag) => (tag.unknown.size ? { ...tag, unknown: NONE } : tag))
}

const NONE: ReadonlySet<string> = new Set()

/** Returns the bare names of the tables that the statements write to. */
export function tablesOf(statements: readonly Statement[]): readonly string[] {
  const tags = statements.flatMap((statement) => statement.tags).filter((tag) => !isUserTag(tag))
  return [...new Set(tags.map((tag) => tag.table))]
}
