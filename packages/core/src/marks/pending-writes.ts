import type { ReadTag } from '../tags/read-tags.ts'
import { LIST } from '../tags/spelling.ts'
import { markedFields, type WriteTag } from '../tags/write-tags.ts'
import { createEndedWrites, type EndedWrites, mayHaveChanged, type PendingWrite } from './ended-writes.ts'

export type { PendingWrite } from './ended-writes.ts'

/** Maximum number of records without a pending write whose set is kept for the next one. */
const MOST_IDLE = 200

/**
 * The writes of this process between their mark and their acknowledged finish. Reads that depend on one of their tags bypass
 * the cache, even if the store did not receive the mark.
 */
export interface PendingWrites extends EndedWrites {
  /** Whether there is any. A property, because every read looks at it: without one it need not ask what follows. */
  readonly pending: { readonly any: boolean }
  /** Adds a write. @returns a function that removes it, to be called when its finish is acknowledged or in the journal. */
  add(tags: readonly WriteTag[]): () => void
  /** Adds a pending write on one record. @returns a function that removes it. */
  hold(cover: PendingWrite): () => void
  /** Makes every read bypass the cache until the returned function is called. */
  addAll(): () => void
  /** True if a read with these tags must bypass the cache, whatever its result is. */
  mustBypass(requests: readonly ReadTag[]): boolean
  /**
   * True if an older result with these tags must not be served, because a pending write may have changed a row of it. The
   * caller of that write may have its answer already.
   */
  mayChange(requests: readonly ReadTag[]): boolean
  /** True if this process is writing to the record. Its `list` is then dirty, because every write marks it. */
  isWriting(record: string): boolean
  /** Resolves when there is no pending write. */
  idle(): Promise<void>
}

/** @param now milliseconds of a clock that only goes on. Needed to forget ended writes in time. */
export function createPendingWrites(now: () => number = () => 0): PendingWrites {
  const { note, ...ended } = createEndedWrites(now)
  const pending = { any: false }
  const writes = createWriteSets()
  const waiting = new Set<() => void>()
  let all = 0

  const settle = (): void => {
    pending.any = all > 0 || writes.count() > 0
    if (pending.any || !waiting.size) return
    for (const resolve of waiting) resolve()
    waiting.clear()
  }
  const isAny = (
    requests: readonly ReadTag[],
    concerns: (cover: PendingWrite, request: ReadTag) => boolean,
  ): boolean => {
    if (all) return true
    if (!writes.count()) return false
    return requests.some((request) => {
      for (const cover of writes.of(request.record) ?? []) if (concerns(cover, request)) return true
      return false
    })
  }
  const remove = (write: PendingWrite): void => {
    if (!writes.remove(write)) return
    note(write)
    settle()
  }
  const insert = (write: PendingWrite): void => {
    writes.insert(write)
    pending.any = true
  }
  const hold = (write: PendingWrite): (() => void) => {
    insert(write)
    return () => remove(write)
  }
  return {
    ...ended,
    pending,
    hold,
    add(tags) {
      const [only] = tags
      if (only && tags.length === 1) return hold(new PendingTag(only))
      const added = tags.map((tag) => new PendingTag(tag))
      for (const write of added) insert(write)
      return () => {
        for (const write of added) remove(write)
      }
    },
    addAll() {
      let counted = true
      all++
      pending.any = true
      return () => {
        if (counted) {
          all--
          note(undefined)
        }
        counted = false
        settle()
      }
    },
    mustBypass: (requests) => isAny(requests, (cover, request) => cover.touches(request)),
    mayChange: (requests) => isAny(requests, mayHaveChanged),
    isWriting: (record) => (writes.of(record)?.size ?? 0) > 0,
    idle: () =>
      new Promise((resolve) => {
        waiting.add(resolve)
        settle()
      }),
  }
}

/** Pending writes by their records. */
interface WriteSets {
  count(): number
  of(record: string): ReadonlySet<PendingWrite> | undefined
  insert(write: PendingWrite): void
  /** @returns whether it was there. */
  remove(write: PendingWrite): boolean
}

function createWriteSets(): WriteSets {
  const byRecord = new Map<string, Set<PendingWrite>>()
  let count = 0
  return {
    count: () => count,
    of: (record) => byRecord.get(record),
    insert(write) {
      const writes = byRecord.get(write.record)
      if (writes) writes.add(write)
      else byRecord.set(write.record, new Set([write]))
      count++
    },
    remove(write) {
      const writes = byRecord.get(write.record)
      if (!writes?.delete(write)) return false
      count--
      // The next write of a table finds its set. There are more user tags than tables.
      if (!writes.size && byRecord.size > MOST_IDLE) byRecord.delete(write.record)
      return true
    },
  }
}

/** A write of one tag. Two writes of the same tags are two objects, and each removes its own. */
class PendingTag implements PendingWrite {
  readonly record: string
  private readonly tag: WriteTag

  constructor(tag: WriteTag) {
    this.record = tag.record
    this.tag = tag
  }

  touches(request: ReadTag): boolean {
    return touches(this.tag, request)
  }
}

/** No record is being written. */
export const NO_RECORDS: ReadonlySet<string> = new Set()

/** Returns the records of these tags to which this process is writing. */
export function recordsBeingWritten(
  { isWriting }: PendingWrites,
  tags: readonly ReadTag[],
): ReadonlySet<string> {
  if (!tags.some(({ record }) => isWriting(record))) return NO_RECORDS
  return new Set(tags.map(({ record }) => record).filter(isWriting))
}

function touches(tag: WriteTag, request: ReadTag): boolean {
  if (request.cells.some((cell) => tag.cells.has(cell))) return true
  const marked = markedFields(tag)
  return request.fields.some((field) => {
    // Whether a unique lookup depends on `list` is known later. Until then `list` counts as dirty, which is enough.
    if (field === LIST) return request.list === 'depends'
    return marked.includes(field) || !tag.known.includes(field)
  })
}
