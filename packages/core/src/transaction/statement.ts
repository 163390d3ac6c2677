import { isUserTag, merge, type WriteTag } from '../tags/write-tags.ts'
import { mergeStakes, type RowAtStake, type Stakes, stakesOf } from '../write-through/proof.ts'

/** One statement of a transaction, as far as its marks are concerned. */
export interface Marked {
  readonly tags: readonly WriteTag[]
  /** Undefined while the statement runs, and for good if it was rejected. */
  readonly learned: readonly WriteTag[] | undefined
  readonly running: boolean
  /** What is at stake before the statement has returned, and the rows it returned. */
  readonly stakes: Stakes | undefined
  readonly rows: readonly RowAtStake[]
  /** Numbers that grow: when it was begun, and when it came back; undefined until then. */
  readonly began: number
  readonly ended: number | undefined
}

/** What the statements showed by now; a key that any of them left open stays unknown: bump wins over keep. */
export function shownBy(statements: readonly Marked[]): readonly WriteTag[] {
  return merge(statements.flatMap((one) => one.learned ?? one.tags))
}

/** What is at stake by now: the rows that were returned, and of what still runs what is known of it. */
export function stakesBy(statements: readonly Marked[]): Stakes | undefined {
  const running = statements.flatMap(({ stakes, rows }) => (stakes && !rows.length ? [stakes] : []))
  return mergeStakes([...statements.flatMap(({ rows }) => rows.map(stakesOf)), ...running])
}

/** A row that was inserted is told by its cells, too: nobody else can touch it before the mark is up. */
export function withCells(tags: readonly WriteTag[], stakes: Stakes | undefined): readonly WriteTag[] {
  if (!stakes) return tags
  return tags.map((tag) => {
    const cells = stakes.tags.find(({ record }) => record === tag.record)?.cells
    return cells ? { ...tag, cells: new Set([...tag.cells, ...cells]) } : tag
  })
}

/**
 * What is marked beside a statement whose result will show which rows it touched: a key marked as unknown would be
 * dirty for every row until COMMIT.
 */
export function knownBefore(tags: readonly WriteTag[]): readonly WriteTag[] {
  return tags.map((tag) => (tag.unknown.size ? { ...tag, unknown: NONE } : tag))
}

const NONE: ReadonlySet<string> = new Set()

/** Bare names of the tables that the statements write. */
export function tablesOf(statements: readonly Marked[]): readonly string[] {
  const tags = statements.flatMap((one) => one.tags).filter((tag) => !isUserTag(tag))
  return [...new Set(tags.map((tag) => tag.table))]
}
