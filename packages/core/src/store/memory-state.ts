import { randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import { headerLength } from '../codec/envelope.ts'
import type { TagReport } from '../tags/tag.ts'
import { createTagTable, type ReportedTags } from './memory-tags.ts'
import type { FinishRequest, FleetPause, MarkRequest, StoredEntry, SyncStore } from './store.ts'

/** Entries and tags in this process. Copies of this module may call it that were not the ones to make it. */
export interface MemoryState {
  readonly sync: SyncStore
  mark(request: MarkRequest): TagReport | undefined
  finish(request: FinishRequest): TagReport | undefined
  invalidateAll(): void
  /** Pauses all caches of this state, or ends their pause. Those that follow are told before it returns. */
  setPause(pause: FleetPause | undefined): void
  /**
   * Tells a cache of the present pause, if there is one, and of every change. The listener is held weakly: a cache that is
   * dropped without being closed must not stay.
   * @returns a function that stops this.
   */
  followPause(paused: OnPause): () => void
  /** Forgets all entries. */
  clear(): void
}

/** What a cache is told when the fleet is paused, or resumed (undefined). */
export type OnPause = (pause: FleetPause | undefined) => void

/** Bounds of what is held; the least recently used goes first. */
export interface MemoryBounds {
  readonly maxEntries: number
  readonly maxBytes: number
}

/**
 * What an entry takes of the heap besides its bytes and its name: the objects around them, and what its client remembers of
 * the read. Measured (test/tier/heap.test.ts): between what an entry takes that was never read again, and one that was.
 */
const ENTRY_OVERHEAD = 1_750
/** What the tags in its header take, for each byte of the header: their cells, their names, and the header once parsed. */
const HEADER_OVERHEAD = 9
/** Tags are small, and one entry may depend on several. */
const TAGS_PER_ENTRY = 4

export function createMemoryState(clock: Clock, { maxEntries, maxBytes }: MemoryBounds): MemoryState {
  const entries = new LRUCache<string, { bytes: Uint8Array; until: number }>({
    max: maxEntries,
    maxSize: maxBytes,
    sizeCalculation: ({ bytes }, key) =>
      bytes.length + key.length + ENTRY_OVERHEAD + headerLength(bytes) * HEADER_OVERHEAD,
  })
  // Nonces are random per process and never repeat in it.
  const seed = randomBytes(9).toString('base64url')
  let count = 0
  const nonce = (): string => `${seed}${(count++).toString(36)}`
  const tags = createTagTable(nonce, maxEntries * TAGS_PER_ENTRY)
  let epoch = nonce()
  let pause: FleetPause | undefined
  const followers = new Set<WeakRef<OnPause>>()

  const lookup = (name: string): StoredEntry | null => {
    const found = entries.get(name)
    if (!found) return null
    const remaining = found.until - clock.now()
    if (remaining <= 0) entries.delete(name)
    return { bytes: found.bytes, remaining }
  }
  const reported = (seen: ReportedTags | undefined): TagReport | undefined => seen && { epoch, ...seen }
  return {
    sync: {
      fetch: (entry, requests) => ({
        epoch,
        entry: entry === undefined ? null : lookup(entry),
        tags: requests.map(tags.read),
      }),
      seed: (requests) => ({ epoch, entry: null, tags: requests.map(tags.seed) }),
      finish: tags.finish,
      set: (entry, value, lifetime) =>
        void entries.set(entry, { bytes: value, until: clock.now() + lifetime }),
    },
    mark: (request) => reported(tags.mark(request)),
    finish: (request) => reported(tags.finish(request)),
    invalidateAll() {
      epoch = nonce()
      entries.clear()
    },
    setPause(next) {
      if (pause?.reason === next?.reason) return
      pause = next
      for (const follower of [...followers]) follower.deref()?.(next)
    },
    followPause(paused) {
      for (const follower of followers) if (!follower.deref()) followers.delete(follower)
      const reference = new WeakRef(paused)
      followers.add(reference)
      if (pause) paused(pause)
      return () => followers.delete(reference)
    },
    clear: () => entries.clear(),
  }
}
