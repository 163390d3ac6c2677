import type { BoundCodec, Codec, ValueTypes } from '../codec/codec.ts'
import { type Entry, type EntryHeader, open, seal } from '../codec/envelope.ts'
import type { EntryKey } from '../keys/entry-key.ts'
import type { Events } from '../report/events.ts'
import type { StoredEntry } from '../store/store.ts'
import type { ResultCells } from '../tags/result-tags.ts'
import { createDecodedValues } from './decoded-values.ts'
import { type EntryState, noncesOf, resultCellsOf } from './observed-tags.ts'

/** The read to which an entry belongs. */
export interface EntryOwner {
  readonly operation: string
  readonly key: EntryKey
}

/** An entry with a parsed header. Its value is not decoded. */
export interface OpenedEntry {
  readonly state: EntryState
  /** Tags in `sight` that only the result named. */
  readonly resultCells: readonly ResultCells[]
  readonly payload: Uint8Array
  /** Times in milliseconds. */
  readonly lifetime: number
  readonly age: number
  /** How long its load took, and how long it may be served after it has expired. */
  readonly loadTime: number
  readonly grace: number
}

/**
 * Encodes and decodes the entries of one adapter. Foreign, truncated and newer bytes are no entry, and a value that cannot be
 * encoded has no bytes. Both emit a `codec-error` event and never throw.
 */
export interface Entries {
  open(stored: StoredEntry | null, owner: EntryOwner): OpenedEntry | undefined
  /** @param lasting whether this payload object is kept and may be decoded again. */
  decode(payload: Uint8Array, owner: EntryOwner, lasting?: boolean): { readonly value: unknown } | undefined
  /** @param dataDepth as in {@link BoundCodec.encode}. */
  encode(value: unknown, owner: EntryOwner, dataDepth?: number): Uint8Array | { readonly error: unknown }
  /** The bytes to store, and the header in them. */
  seal(header: Omit<EntryHeader, 'codec' | 'proof'>, payload: Uint8Array, owner: EntryOwner): Uint8Array
}

/** @param lasting whether the same bytes will be opened again. Their header is then parsed once. */
export function createEntries(codec: Codec, types: ValueTypes, events: Events, lasting = false): Entries {
  const read = lasting ? rememberHeaders() : rememberLast()
  const bound = codec.bind(types)
  const models = createDecodedValues(types)
  const attempt = <T>(owner: EntryOwner, action: () => T): T | { readonly error: unknown } => {
    try {
      return action()
    } catch (error) {
      events.emit('codec-error', { operation: owner.operation, key: owner.key.key, error })
      return { error }
    }
  }
  return {
    open(stored, owner) {
      if (!stored) return undefined
      const opened = attempt(owner, () => read(stored.bytes))
      if ('error' in opened) return undefined
      const { header, nonces, learned: resultCells, payload } = opened
      const { lifetime, epoch, loadTime, grace } = header
      const remaining = stored.remaining - grace
      const own = header.proof === owner.key.proof && header.codec === codec.name
      const age = Math.max(0, lifetime - remaining)
      return {
        state: { remaining, own, epoch, nonces },
        resultCells,
        payload,
        lifetime,
        age,
        loadTime,
        grace,
      }
    },
    decode(payload, owner, lasting = false) {
      const decoded = attempt(owner, () => ({
        value: lasting ? models.read(owner.key.key, payload, bound.decode) : bound.decode(payload),
      }))
      return 'error' in decoded ? undefined : decoded
    },
    encode: (value, owner, dataDepth) => attempt(owner, () => bound.encode(value, dataDepth)),
    seal: (header, payload, { key }) => seal({ ...header, codec: codec.name, proof: key.proof }, payload),
  }
}

interface Opened extends Entry {
  readonly nonces: ReadonlyMap<string, string>
  readonly learned: readonly ResultCells[]
}

function readHeader(bytes: Uint8Array): Opened {
  const entry = open(bytes)
  return { ...entry, nonces: noncesOf(entry.header), learned: resultCellsOf(entry.header) }
}

/** A store in this process returns the same bytes again and again, and they never change. */
function rememberHeaders(): typeof readHeader {
  const known = new WeakMap<Uint8Array, Opened>()
  return (bytes) => {
    const found = known.get(bytes)
    if (found) return found
    const opened = readHeader(bytes)
    known.set(bytes, opened)
    return opened
  }
}

/** Callers that shared one fetch read the same bytes one after the other. */
function rememberLast(): typeof readHeader {
  let last: { readonly bytes: Uint8Array; readonly opened: Opened } | undefined
  return (bytes) => {
    if (last?.bytes !== bytes) last = { bytes, opened: readHeader(bytes) }
    return last.opened
  }
}
