import { isUserTag, merge, type WriteTag } from '../tags/write-tags.ts'
import type { CandidateRow } from '../write-through/proof.ts'
import type { StatementRows } from '../write-through/row-storage.ts'

/** A writing statement of a transaction: its tags and its rows. */
export interface Statement {
  readonly tags: readonly WriteTag[]
  /** Tags of the rows that the statement returned. Undefined while it runs and if it was rejected. */
  readonly returnedTags: readonly WriteTag[] | undefined
  readonly running: boolean
  /** The rows that it may write through. Undefined: none. */
  readonly through: StatementRows | undefined
  /** Those that it has returned. */
  readonly rows: readonly CandidateRow[]
  /** Sequence numbers of its start and its end. `ended` is undefined while it runs. */
  readonly began: number
  readonly ended: number | undefined
}

/** Merges the tags of statements. A key that is unknown in one of them stays unknown. */
export function tagsOfStatements(statements: readonly Statement[]): readonly WriteTag[] {
  return merge(statements.flatMap((statement) => statement.returnedTags ?? statement.tags))
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
