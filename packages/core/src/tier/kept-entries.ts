import type { Clock } from '../base/clock.ts'
import { EntryView, type OpenedEntry } from '../entry/entries.ts'
import type { RecordedNonces } from '../entry/recorded-nonces.ts'
import type { EntryKey } from '../keys/entry-key.ts'
import type { MemoryConfig } from '../options/config.ts'
import { createLocalEntries, LocalBytes, sizeOfBytes } from '../store/local-entries.ts'
import type { ResultCells } from '../tags/result-tags.ts'

/** Entries in the memory of this process, with parsed headers. Their tags decide whether one may be served. */
export interface KeptEntries {
  /** Returns the entry with its remaining lifetime at `now`, if it belongs to this key and may still be served. */
  get(key: EntryKey, now: number): OpenedEntry | undefined
  /** @param fetchedAt when it was fetched from the store. It had `entry.state.remaining` left then, or a little later. */
  put(key: EntryKey, entry: OpenedEntry, fetchedAt: number): void
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

class TierEntry extends LocalBytes {
  readonly proof: string
  readonly until: number
  readonly epoch: string
  readonly nonces: RecordedNonces
  readonly resultCells: readonly ResultCells[]
  readonly lifetime: number
  readonly loadTime: number
  readonly grace: number

  constructor(
    { state, resultCells, payload, lifetime, loadTime, grace }: OpenedEntry,
    proof: string,
    until: number,
  ) {
    super(ownCopy(payload))
    this.proof = proof
    this.until = until
    this.epoch = state.epoch
    this.nonces = state.nonces
    this.resultCells = resultCells
    this.lifetime = lifetime
    this.loadTime = loadTime
    this.grace = grace
  }
}

/** How long the notification of an own change is expected, in milliseconds. */
const ECHO = 1_000
/**
 * What a kept entry takes of the heap besides its value, its name and its tags: 150 bytes its object, 100 its place in two
 * tables and the head of its name, 200 its client's key with the digest of the query, 100 the list of tags that its client
 * knows, 100 its nonces, 90 the tag of the first table and its list of cells.
 */
const ENTRY_BYTES = 740
/** What each recorded field takes: its part of the request that is sent for the tags. */
const FIELD_BYTES = 90
/**
 * What each recorded cell takes: 60 bytes its name, 170 its text as it is sent, 180 its state as the store client knows it,
 * 110 when it was last renewed.
 */
const CELL_BYTES = 520
/** What each cell takes besides where its state is kept: 180 bytes that state, 180 when it last changed. */
const PUSHED_CELL_BYTES = 360

/** @param bounds on entries and bytes kept; the least recently used goes first. `mode` says whether their tags are kept too. */
export function createKeptEntries(
  clock: Clock,
  bounds: Pick<MemoryConfig, 'maxEntries' | 'maxBytes'> & Partial<Pick<MemoryConfig, 'mode'>>,
): KeptEntries {
  const cellBytes = CELL_BYTES + (bounds.mode === 'push' ? PUSHED_CELL_BYTES : 0)
  const sizeOf = (name: string, payload: Uint8Array, nonces: RecordedNonces): number => {
    const { size, cells } = nonces
    const tagBytes = cells * cellBytes + Math.max(0, size - cells) * FIELD_BYTES
    return sizeOfBytes(payload.length) + name.length + ENTRY_BYTES + tagBytes
  }
  const entries = createLocalEntries<TierEntry>(bounds)
  const echoes = new Map<string, number>()
  const expect = (name: string, more: 1 | -1): void => {
    const remaining = (echoes.get(name) ?? 0) + more
    if (remaining > 0) echoes.set(name, remaining)
    else echoes.delete(name)
  }
  return {
    get(key, now) {
      const kept = entries.get(key.key)
      if (!kept || kept.proof !== key.proof) return undefined
      const { epoch, nonces } = kept
      const remaining = kept.until - now
      if (remaining > -kept.grace)
        return new EntryView(kept, { remaining, belongsToRead: true, epoch, nonces }, kept, 0, kept)
      entries.delete(key.key)
      return undefined
    },
    put(key, entry, fetchedAt) {
      const { remaining, belongsToRead } = entry.state
      if (!belongsToRead || remaining <= -entry.grace) return
      const kept = new TierEntry(entry, key.proof, fetchedAt + remaining)
      entries.set(key.key, kept, sizeOf(key.key, entry.payload, entry.state.nonces))
    },
    changed(name) {
      if (echoes.has(name)) expect(name, -1)
      else entries.delete(name)
    },
    drop: entries.delete,
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

/** Bytes from the network may be a view into a much larger buffer. */
function ownCopy(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  copy.set(bytes)
  return copy
}
