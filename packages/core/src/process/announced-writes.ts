import type { PendingWrites } from '../marks/pending-writes.ts'
import type { WriteTag } from '../tags/write-tags.ts'
import type { Membership, ProcessCache } from './process-caches.ts'

/**
 * Announces to the other caches of this process that a write begins.
 * @param record undefined: any record may change.
 * @returns a function that announces the end of the write. Undefined: there is no other cache.
 */
export type Announce = (record: string | undefined) => (() => void) | undefined

/** Wraps the pending writes of a cache so that the other caches of its process know of them as well. */
export function announcedWrites(pendingWrites: PendingWrites, announce: Announce): PendingWrites {
  const hold: PendingWrites['hold'] = (cover) => {
    const end = announce(cover.record)
    const release = pendingWrites.hold(cover)
    if (!end) return release
    return () => {
      end()
      release()
    }
  }
  return {
    ...pendingWrites,
    hold,
    add(tags) {
      const ends: (() => void)[] = []
      for (const { record } of tags) {
        const end = announce(record)
        if (end) ends.push(end)
      }
      const release = pendingWrites.add(tags)
      if (!ends.length) return release
      return () => {
        for (const end of ends) end()
        release()
      }
    },
    addAll() {
      const end = announce(undefined)
      const release = pendingWrites.addAll()
      let ended = false
      return () => {
        if (!ended) end?.()
        ended = true
        release()
      }
    },
  }
}

/** The cache whose writes are announced. */
export interface AnnounceDeps {
  /** Undefined until the cache has joined the others. */
  readonly membership: Omit<Membership, 'leave'> | undefined
  readonly format: string
  readonly spelling: number
  /** Whether its store is in this process. */
  readonly inMemory: boolean
  /** Whether its store still receives invalidations: false after the cache was closed. */
  open(): boolean
}

/**
 * Memory stores of one format are one store, so its marks are enough while this cache is open. Over a server, other caches of
 * this process would keep serving their memory tier until a notification arrives, so they are told here. Memory stores of two
 * formats share nothing else.
 */
export function createAnnounce(cache: AnnounceDeps): Announce {
  const { inMemory, format, spelling } = cache
  const reaches = (other: ProcessCache): boolean => !inMemory || other.format === format
  const begin = (other: ProcessCache, record: string | undefined) =>
    // A record has another name under another version of the naming rules, so any record may be meant.
    other.pending(record === undefined || other.spelling !== spelling ? undefined : [record])
  return (record) => {
    const { membership } = cache
    // Every write asks, and most processes have one cache.
    if (!membership || membership.all.size <= membership.ownCount) return undefined
    const others = membership.siblings()
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

/** What receiving announcements needs. */
export interface AnnouncementDeps {
  readonly pendingWrites: PendingWrites
  /** Gives the tags new nonces in the store of this cache. Undefined: starts a new epoch. Resolves as `cache.invalidate` does. */
  invalidate(tags: readonly WriteTag[] | undefined): Promise<void>
  /** Drops these records from the memory tier. Undefined: everything. */
  drop(records: readonly string[] | undefined): void
  /** Calls back when this cache certainly knows the new epoch. */
  afterEpoch(then: () => void): void
}

/** Makes reads bypass the cache while another cache of this process writes what they depend on. */
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

/** A tag that stands for a whole record: every field of a table, or the cell of a user tag. */
function wholeRecord(record: string): WriteTag {
  const isTable = !record.includes(':##')
  const cells = isTable ? new Set<string>() : new Set([record])
  return { table: record, record, known: [], unknown: new Set(), cells }
}
