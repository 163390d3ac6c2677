import { type PendingWrites, pendingWritesOf } from '../marks/pending-writes.ts'
import type { WriteTag } from '../tags/write-tags.ts'
import type { Membership, ProcessCache } from './process-caches.ts'

/** Says to the other caches of this process that a write begins. @param record undefined: any may change. */
export type Announce = (record: string | undefined) => (() => void) | undefined

/** Writes of this cache that the other caches of its process hear of as well, for as long as they are unfinished. */
export function announcedWrites(unfinished: PendingWrites, announce: Announce): PendingWrites {
  const hold: PendingWrites['hold'] = (cover) => {
    const end = announce(cover.record)
    const release = unfinished.hold(cover)
    if (!end) return release
    return () => {
      end()
      release()
    }
  }
  return {
    ...unfinished,
    hold,
    add(tags) {
      const held = pendingWritesOf(tags).map(hold)
      return () => {
        for (const release of held) release()
      }
    },
    addAll() {
      const end = announce(undefined)
      const release = unfinished.addAll()
      let ended = false
      return () => {
        if (!ended) end?.()
        ended = true
        release()
      }
    },
  }
}

/** What announcing needs to know of the cache that writes. */
export interface AnnounceDeps {
  /** Undefined as long as it has not joined the others. */
  readonly membership: Omit<Membership, 'leave'> | undefined
  readonly format: string
  readonly spelling: number
  /** Whether its store is in this process. */
  readonly inMemory: boolean
  /** Whether its store is still told of writes. */
  open(): boolean
}

/**
 * Memory stores of one format are one store: its marks say everything, as long as this cache still uses it. Over a server
 * the others must not wait for news, or answer from what they keep; and memory stores of two formats hear of each other
 * in no other way.
 */
export function createAnnounce(cache: AnnounceDeps): Announce {
  const { inMemory, format, spelling } = cache
  const reaches = (other: ProcessCache): boolean => !inMemory || other.format === format
  const begin = (other: ProcessCache, record: string | undefined) =>
    // What a name stands for under other rules nobody can tell.
    other.pending(record === undefined || other.spelling !== spelling ? undefined : [record])
  return (record) => {
    const { membership } = cache
    // Most processes have one cache, and every write asks.
    if (!membership || membership.all.size <= membership.own) return undefined
    const others = membership.others()
    if (!others.length) return undefined
    const begun = others.map((other) => ({
      other,
      end: inMemory && reaches(other) && !other.remembers?.() ? undefined : begin(other, record),
    }))
    return () => {
      const open = cache.open()
      for (const { other, end } of begun) {
        const delivered = open && reaches(other)
        if (end) end(delivered)
        // One that remembers since then may have begun a load meanwhile.
        else if (!delivered || other.remembers?.()) begin(other, record)(delivered)
      }
    }
  }
}

/** What hearing of other caches' writes needs. */
export interface AnnouncementDeps {
  readonly pendingWrites: PendingWrites
  /** Changes the tags in this cache's own store; undefined: all there are. Resolves as an invalidation does. */
  invalidate(tags: readonly WriteTag[] | undefined): Promise<void>
  /** Forgets what the memory tier keeps of these. */
  drop(records: readonly string[] | undefined): void
  /** Calls back when this cache is sure to have heard of a new epoch. */
  afterEpoch(then: () => void): void
}

/** How a cache takes what others announce. */
export function receiveAnnouncements({
  pendingWrites,
  invalidate,
  drop,
  afterEpoch,
}: AnnouncementDeps): ProcessCache['pending'] {
  return (records) => {
    const holds = records
      ? records.map((record) => pendingWrites.hold({ record, touches: () => true }))
      : [pendingWrites.addAll()]
    const release = (): void => {
      for (const end of holds) end()
    }
    drop(records)
    return (delivered) => {
      if (!delivered) {
        void invalidate(records?.map(wholeRecord)).finally(release)
        return
      }
      drop(records)
      if (records) release()
      else afterEpoch(release)
    }
  }
}

/** Every field of the record; the cell, if it is that of a user tag. */
function wholeRecord(record: string): WriteTag {
  const isTable = !record.includes(':##')
  const cells = isTable ? new Set<string>() : new Set([record])
  return { table: record, record, known: [], unknown: new Set(), cells }
}
