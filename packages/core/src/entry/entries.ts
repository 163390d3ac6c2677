import type { BoundCodec, Codec, ValueTypes } from '../codec/codec.ts'
import { type EntryHeader, seal } from '../codec/envelope.ts'
import type { EntryKey } from '../keys/entry-key.ts'
import type { Events } from '../report/events.ts'
import type { StoredEntry } from '../store/store.ts'
import type { ResultCells } from '../tags/result-tags.ts'
import { createDecodedValues } from './decoded-values.ts'
import type { EntryState } from './observed-tags.ts'
import { createHeaderMemory, type OpenedBytes, openBytes } from './opened-bytes.ts'

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

/**
 * Whose header is parsed once: that of the same bytes object, where a store in this process returns it again and again; or
 * that of equal bytes under one name, where every hit gets them from a server.
 */
export type RememberedHeaders = 'of the object' | 'of the name' | 'no'

/** What entries need, besides the codec and its types. */
export interface EntriesSetup {
  readonly events: Events
  readonly remember: RememberedHeaders
  /** Bounds on what is kept decoded. */
  readonly memory: { readonly maxEntries: number; readonly maxBytes: number }
}

export function createEntries(codec: Codec, types: ValueTypes, setup: EntriesSetup): Entries {
  const { events, remember, memory } = setup
  const read = readers[remember]()
  const bound = codec.bind(types)
  const models = createDecodedValues(memory, types)
  const failed = (owner: EntryOwner, error: unknown): { readonly error: unknown } => {
    events.emit('codec-error', { operation: owner.operation, key: owner.key.key, error })
    return { error }
  }
  return {
    open(stored, owner) {
      if (!stored) return undefined
      let opened: OpenedBytes
      try {
        opened = read(stored.bytes, owner.key.key)
      } catch (error) {
        return void failed(owner, error)
      }
      const { header, payload } = opened
      const { lifetime, epoch, loadTime, grace, nonces, resultCells } = header
      // A clock that was set back must not make an entry live longer than it was to live when it was stored.
      const remaining = Math.min(stored.remaining - grace, lifetime)
      const isOwn = header.proof === owner.key.proof && header.codec === codec.name
      const age = Math.max(0, lifetime - remaining)
      return {
        state: { remaining, belongsToRead: isOwn, epoch, nonces },
        resultCells,
        payload,
        lifetime,
        age,
        loadTime,
        grace,
      }
    },
    decode(payload, owner, lasting = false) {
      try {
        return {
          value: lasting ? models.read(owner.key.key, payload, bound.decode) : bound.decode(payload),
        }
      } catch (error) {
        return void failed(owner, error)
      }
    },
    encode(value, owner, dataDepth) {
      try {
        return bound.encode(value, dataDepth)
      } catch (error) {
        return failed(owner, error)
      }
    },
    seal: (header, payload, { key }) => seal({ ...header, codec: codec.name, proof: key.proof }, payload),
  }
}

type Reader = (bytes: Uint8Array, name: string) => OpenedBytes

const readers: Readonly<Record<RememberedHeaders, () => Reader>> = {
  'of the object': rememberObjects,
  'of the name': createHeaderMemory,
  no: rememberLast,
}

/** A store in this process returns the same bytes again and again, and they never change. */
function rememberObjects(): Reader {
  const openedByBytes = new WeakMap<Uint8Array, OpenedBytes>()
  return (bytes) => {
    const remembered = openedByBytes.get(bytes)
    if (remembered) return remembered
    const opened = openBytes(bytes)
    openedByBytes.set(bytes, opened)
    return opened
  }
}

/** Callers that shared one fetch read the same bytes one after the other. */
function rememberLast(): Reader {
  let last: { readonly bytes: Uint8Array; readonly opened: OpenedBytes } | undefined
  return (bytes) => {
    if (last?.bytes !== bytes) last = { bytes, opened: openBytes(bytes) }
    return last.opened
  }
}
