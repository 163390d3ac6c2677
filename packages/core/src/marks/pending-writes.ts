import type { ReadTag } from '../tags/read-tags.ts'
import { LIST } from '../tags/spelling.ts'
import { markedFields, type WriteTag } from '../tags/write-tags.ts'

/** Something that reads of one record must go past. */
export interface PendingWrite {
  readonly record: string
  /** True if a read with this tag must go to the database. Asked anew for every read. */
  readonly touches: (request: ReadTag) => boolean
}

/**
 * Writes of this process between their mark and their acknowledged finish. A read that depends on one of their tags
 * bypasses: what the store could not be told, this process still knows.
 */
export interface PendingWrites {
  /** @returns a function to call once the finish is acknowledged, or somebody else covers it. */
  add(tags: readonly WriteTag[]): () => void
  /** @returns a function that takes the cover away. */
  hold(cover: PendingWrite): () => void
  /** Covers every read there is, until the returned function is called. */
  addAll(): () => void
  /** True if a read with these tags must go to the database, whatever its result will be. */
  mustBypass(requests: readonly ReadTag[]): boolean
  /** True if the `list` of this record counts as dirty: every write marks it. */
  isWriting(record: string): boolean
  /** Resolves when nothing is unfinished. */
  idle(): Promise<void>
}

export function createPendingWrites(): PendingWrites {
  const byRecord = new Map<string, Set<PendingWrite>>()
  const waiting = new Set<() => void>()
  let all = 0

  const settle = (): void => {
    if (all || byRecord.size) return
    for (const resolve of waiting) resolve()
    waiting.clear()
  }
  const hold = (cover: PendingWrite): (() => void) => {
    const set = byRecord.get(cover.record) ?? new Set()
    byRecord.set(cover.record, set.add(cover))
    return () => {
      // The set of now: the one from then may have been emptied and replaced.
      const held = byRecord.get(cover.record)
      held?.delete(cover)
      if (!held?.size) byRecord.delete(cover.record)
      settle()
    }
  }
  return {
    hold,
    add(tags) {
      const held = pendingWritesOf(tags).map(hold)
      return () => {
        for (const release of held) release()
      }
    },
    addAll() {
      let counted = true
      all++
      return () => {
        if (counted) all--
        counted = false
        settle()
      }
    },
    mustBypass(requests) {
      if (all) return true
      if (!byRecord.size) return false
      return requests.some((request) => {
        for (const cover of byRecord.get(request.record) ?? []) if (cover.touches(request)) return true
        return false
      })
    },
    isWriting: (record) => byRecord.has(record),
    idle: () =>
      new Promise((resolve) => {
        waiting.add(resolve)
        settle()
      }),
  }
}

/** A cover each: two scopes may name the same tags, and each takes back its own. */
export function pendingWritesOf(tags: readonly WriteTag[]): readonly PendingWrite[] {
  return tags.map((tag) => ({ record: tag.record, touches: (request) => touches(tag, request) }))
}

const NONE: ReadonlySet<string> = new Set()

/** Records of these tags that this process is writing to. */
export function recordsBeingWritten(
  { isWriting }: PendingWrites,
  tags: readonly ReadTag[],
): ReadonlySet<string> {
  if (!tags.some(({ record }) => isWriting(record))) return NONE
  return new Set(tags.map(({ record }) => record).filter(isWriting))
}

function touches(tag: WriteTag, request: ReadTag): boolean {
  if (request.cells.some((cell) => tag.cells.has(cell))) return true
  const marked = markedFields(tag)
  return request.fields.some((field) => {
    // Whether a unique lookup depends on `list` shows later; until then it counts as dirty and no more.
    if (field === LIST) return request.list === 'depends'
    return marked.includes(field) || !tag.known.includes(field)
  })
}
