import type { ReadTag } from '../tags/read-tags.ts'
import { LIST } from '../tags/spelling.ts'

/** Writes remembered at once. More in a row, and everything read before the first of them counts as written. */
const MOST = 5_000

/** A write of this process that is not finished, on one record. */
export interface PendingWrite {
  readonly record: string
  /** True if a read with this tag must bypass the cache. Called for every read. */
  touches(request: ReadTag): boolean
}

/**
 * Writes of this process that have ended lately, so that a result of before is not served without asking the store
 * (`maxStaleness`). They are numbered in the order of their ends.
 */
export interface EndedWrites {
  /** Keeps ended writes for at least so many milliseconds from now on. Until the first call nothing is kept. */
  remember(milliseconds: number): void
  /** True once ended writes are kept. */
  isRemembering(): boolean
  /** The number of the last write that has ended. A property, because every read looks at it. */
  readonly ended: { readonly last: number }
  /** True if a write that may have changed a row of these tags has ended after that number. See {@link mayHaveChanged}. */
  hasEndedSince(last: number, tags: readonly ReadTag[]): boolean
}

interface EndedWrite {
  readonly number: number
  readonly at: number
  readonly write: PendingWrite
}

/** @returns also `note`, to be called at the end of each write. Undefined: it may have changed anything. */
export function createEndedWrites(
  now: () => number,
): EndedWrites & { note(write: PendingWrite | undefined): void } {
  /** Oldest first. */
  const order: EndedWrite[] = []
  const byRecord = new Map<string, EndedWrite[]>()
  const ended = { last: 0 }
  let [longest, forgotten] = [0, 0]

  const forgetFirst = (): void => {
    const first = order.shift()
    if (!first) return
    forgotten = first.number
    const same = byRecord.get(first.write.record)
    // The first of all is the first of its record.
    same?.shift()
    if (!same?.length) byRecord.delete(first.write.record)
  }
  return {
    remember(milliseconds) {
      if (!longest) forgotten = ended.last
      longest = Math.max(longest, milliseconds)
    },
    isRemembering: () => longest > 0,
    ended,
    hasEndedSince(number, tags) {
      if (number < forgotten) return ended.last > number
      for (const tag of tags) {
        const writes = byRecord.get(tag.record)
        if (!writes) continue
        for (let at = writes.length - 1; at >= 0; at--) {
          const endedWrite = writes[at] as EndedWrite
          if (endedWrite.number <= number) break
          if (mayHaveChanged(endedWrite.write, tag)) return true
        }
      }
      return false
    },
    note(write) {
      ended.last++
      if (!longest || !write) {
        forgotten = ended.last
        if (!order.length) return
        order.length = 0
        byRecord.clear()
        return
      }
      const at = now()
      const endedWrite = { number: ended.last, at, write }
      order.push(endedWrite)
      const same = byRecord.get(write.record)
      if (same) same.push(endedWrite)
      else byRecord.set(write.record, [endedWrite])
      while (order.length > MOST || (order[0] as EndedWrite).at < at - longest) forgetFirst()
    },
  }
}

/**
 * Whether a write of this process may have changed a row that an older result shows. Unless its rows are pinned by their
 * primary key, a tag counts as its whole table: meanwhile another process may have moved the row to another value of the key.
 */
export function mayHaveChanged(write: PendingWrite, tag: ReadTag): boolean {
  return !isPinnedByPrimaryKey(tag) || write.touches(tag)
}

/** A key whose name is too long for its kind to show does not count. */
function isPinnedByPrimaryKey({ list, fields }: ReadTag): boolean {
  return list === 'no' && fields.length > 0 && fields.every((field) => field === LIST || PRIMARY.test(field))
}

const PRIMARY = /^p\d*\(/
