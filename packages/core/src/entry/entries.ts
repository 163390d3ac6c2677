import type { BoundCodec, Codec, ValueTypes } from '../codec/codec.ts'
import { type EntryHeader, seal } from '../codec/envelope.ts'
import type { EntryKey } from '../keys/entry-key.ts'
import type { Events } from '../report/events.ts'
import { clientDataOf, type LocalEntry } from '../store/local-entries.ts'
import type { StoredEntry } from '../store/store.ts'
import type { ResultCells } from '../tags/result-tags.ts'
import { createDecodedValues, type LocalPayload } from './decoded-values.ts'
import type { EntryState } from './observed-tags.ts'
import {
  createLastReader,
  createNamedReader,
  type EntryFacts,
  type HeaderReader,
  OpenedHeader,
} from './opened-bytes.ts'

/** The read to which an entry belongs. */
export interface EntryOwner {
  readonly operation: string
  readonly key: EntryKey
}

/** An entry with a parsed header. Its value is not decoded. */
export interface OpenedEntry extends EntryFacts {
  readonly state: EntryState
  readonly payload: Uint8Array
  readonly age: number
  /** Present if the entry is in the memory of this process. */
  readonly local?: LocalEntry | undefined
}

/** An entry as one reader opened it. A class, because most readers of an entry in memory need no view of its payload. */
export class EntryView implements OpenedEntry {
  readonly state: EntryState
  readonly local: LocalEntry | undefined
  private readonly facts: EntryFacts
  private readonly source: { readonly bytes: Uint8Array }
  private readonly start: number

  /** @param start where the payload begins in the bytes of `source`. */
  constructor(
    facts: EntryFacts,
    state: EntryState,
    source: { readonly bytes: Uint8Array },
    start: number,
    local: LocalEntry | undefined,
  ) {
    this.state = state
    this.local = local
    this.facts = facts
    this.source = source
    this.start = start
  }

  get payload(): Uint8Array {
    return this.source.bytes.subarray(this.start)
  }

  get resultCells(): readonly ResultCells[] {
    return this.facts.resultCells
  }

  get lifetime(): number {
    return this.facts.lifetime
  }

  get loadTime(): number {
    return this.facts.loadTime
  }

  get grace(): number {
    return this.facts.grace
  }

  get age(): number {
    return Math.max(0, this.facts.lifetime - this.state.remaining)
  }
}

/**
 * Encodes and decodes the entries of one adapter. Foreign, truncated and newer bytes are no entry, and a value that cannot be
 * encoded has no bytes. Both emit a `codec-error` event and never throw.
 */
export interface Entries {
  open(stored: StoredEntry | null, owner: EntryOwner): OpenedEntry | undefined
  /** Decodes a payload, or the value of an entry. An entry in the memory of this process is decoded once, and copied. */
  decode(payload: Uint8Array | LocalPayload, owner: EntryOwner): { readonly value: unknown } | undefined
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
}

export function createEntries(codec: Codec, types: ValueTypes, setup: EntriesSetup): Entries {
  const { events, remember } = setup
  const client = {}
  const read = readers[remember](client)
  const bound = codec.bind(types)
  const decodedValues = createDecodedValues(client, types)
  const failed = (owner: EntryOwner, error: unknown): { readonly error: unknown } => {
    events.emit('codec-error', { operation: owner.operation, key: owner.key.key, error })
    return { error }
  }
  return {
    open(stored, owner) {
      if (!stored) return undefined
      let header: OpenedHeader
      try {
        header = read(stored, owner.key)
      } catch (error) {
        return void failed(owner, error)
      }
      const { lifetime, epoch, grace, nonces } = header
      // A clock that was set back must not make an entry live longer than it was to live when it was stored.
      const remaining = Math.min(stored.remaining - grace, lifetime)
      const isOwn = header.proof === owner.key.proof && header.codec === codec.name
      const state = { remaining, belongsToRead: isOwn, epoch, nonces }
      return new EntryView(header, state, stored, header.length, stored.local)
    },
    decode(source, owner) {
      try {
        if (source instanceof Uint8Array) return { value: bound.decode(source) }
        return { value: decodedValues.read(source, bound.decode) }
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

const readers: Readonly<Record<RememberedHeaders, (client: object) => HeaderReader>> = {
  'of the object': createLocalReader,
  'of the name': createNamedReader,
  no: createLastReader,
}

/** What an {@link OpenedHeader} takes of the heap with its nonces, and with each of them. */
const HEADER_BYTES = 216
const NONCE_BYTES = 8

/** Opens entries of a store in this process, which returns the same ones again and again. */
export function createLocalReader(client: object): HeaderReader {
  let epoch = ''
  return (stored, { proof }) => {
    const { local } = stored
    const derived = local && clientDataOf(local, client)
    if (derived instanceof OpenedHeader) return derived
    const header = new OpenedHeader(stored.bytes, { proof, epoch }, client, local?.derived)
    epoch = header.epoch
    if (local?.holder?.charge(local, HEADER_BYTES + header.nonces.size * NONCE_BYTES)) local.derived = header
    return header
  }
}
