import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import type { OpenedEntry } from '../entry/entries.ts'
import type { EntryKey } from '../keys/entry-key.ts'

/** Entries in the memory of this process, with parsed headers. Their tags decide whether one may be served. */
export interface KeptEntries {
  /** Returns the entry with its remaining lifetime at `now`, if it belongs to this key and may still be served. */
  get(key: EntryKey, now: number): OpenedEntry | undefined
  /** @param asked when it was fetched from the store. It had `entry.state.remaining` left then, or a little later. */
  put(key: EntryKey, entry: OpenedEntry, asked: number): void
  /** The store reports a change of the entry, by this process or another. */
  changed(name: string): void
  drop(name: string): void
  /**
   * Call it before this process stores the entry, so that the notification of its own change is ignored.
   * @returns a function to call when the entry is stored.
   */
  storing(name: string): () => void
  clear(): void
}

interface Kept {
  readonly entry: OpenedEntry
  readonly proof: string
  readonly until: number
}

/** How long the notification of an own change is expected, in milliseconds. */
const ECHO = 1_000
/**
 * What a kept entry takes of the heap besides its value, and what each tag it recorded does: the objects around them, and
 * what its client remembers of the read. Measured (test/tier/heap.test.ts).
 */
const ENTRY_OVERHEAD = 2_600
const TAG_OVERHEAD = 460

/** @param bounds on entries and bytes kept; the least recently used goes first. */
export function createKeptEntries(
  clock: Clock,
  bounds: { readonly maxEntries: number; readonly maxBytes: number },
): KeptEntries {
  const entries = new LRUCache<string, Kept>({
    max: bounds.maxEntries,
    maxSize: bounds.maxBytes,
    sizeCalculation: ({ entry }, name) =>
      ENTRY_OVERHEAD + name.length + entry.payload.length + entry.state.nonces.size * TAG_OVERHEAD,
  })
  const echoes = new Map<string, number>()
  const expect = (name: string, more: 1 | -1): void => {
    const remaining = (echoes.get(name) ?? 0) + more
    if (remaining > 0) echoes.set(name, remaining)
    else echoes.delete(name)
  }
  return {
    get(key, now) {
      const entry = entries.get(key.key)
      if (!entry || entry.proof !== key.proof) return undefined
      const remaining = entry.until - now
      if (remaining > -entry.entry.grace) return opened(entry.entry, remaining)
      entries.delete(key.key)
      return undefined
    },
    put(key, entry, asked) {
      const { remaining, belongsToRead } = entry.state
      if (!belongsToRead || remaining <= -entry.grace) return
      const payload = Buffer.allocUnsafeSlow(entry.payload.length)
      // A copy: bytes from the network may be a view into a much larger buffer.
      payload.set(entry.payload)
      entries.set(key.key, { entry: { ...entry, payload }, proof: key.proof, until: asked + remaining })
    },
    changed(name) {
      if (echoes.has(name)) expect(name, -1)
      else entries.delete(name)
    },
    drop: (name) => void entries.delete(name),
    storing(name) {
      expect(name, 1)
      // Two changes may come in one notification: one that never arrives must not hide a later change.
      return () => void clock.after(ECHO, () => expect(name, -1))
    },
    clear() {
      entries.clear()
      echoes.clear()
    },
  }
}

function opened(entry: OpenedEntry, remaining: number): OpenedEntry {
  const { state, resultCells, payload, lifetime, loadTime, grace } = entry
  return {
    state: { remaining, belongsToRead: true, epoch: state.epoch, nonces: state.nonces },
    resultCells,
    payload,
    lifetime,
    age: Math.max(0, lifetime - remaining),
    loadTime,
    grace,
  }
}
