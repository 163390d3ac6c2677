import { createBounded } from '../base/bounded-map.ts'
import { type Entry, open, payloadUnder } from '../codec/envelope.ts'
import { type ClientData, clientDataOf, type LocalEntry } from '../store/local-entries.ts'
import type { StoredEntry } from '../store/store.ts'
import type { ResultCells } from '../tags/result-tags.ts'
import { type EntryState, resultCellsOf } from './observed-tags.ts'
import { noncesOf, type RecordedNonces } from './recorded-nonces.ts'

/** What every reader of an entry needs of its header. */
export interface EntryFacts extends Pick<Entry['header'], 'lifetime' | 'loadTime' | 'grace'> {
  /** Tags in `sight` that only the result named. */
  readonly resultCells: readonly ResultCells[]
}

/** What the header of an entry says, as one client reads it. */
export class OpenedHeader implements EntryFacts, ClientData {
  readonly client: object
  decoded: unknown
  readonly next: ClientData | undefined
  readonly codec: string
  readonly proof: string
  readonly epoch: string
  readonly lifetime: number
  readonly loadTime: number
  readonly grace: number
  readonly nonces: RecordedNonces
  readonly resultCells: readonly ResultCells[]
  /** Where the payload begins. */
  readonly length: number

  /**
   * @param known texts that take the place of equal ones, because they are there in any case.
   * @throws Error for bytes that are no entry of this version.
   */
  constructor(bytes: Uint8Array, known: { proof: string; epoch: string }, client: object, next?: ClientData) {
    const { header, payload } = open(bytes)
    this.client = client
    this.decoded = undefined
    this.next = next
    this.codec = header.codec
    this.proof = header.proof === known.proof ? known.proof : header.proof
    this.epoch = header.epoch === known.epoch ? known.epoch : header.epoch
    this.lifetime = header.lifetime
    this.loadTime = header.loadTime
    this.grace = header.grace
    this.nonces = noncesOf(header)
    this.resultCells = resultCellsOf(header)
    this.length = bytes.length - payload.length
  }
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
 * Reads the header of an entry under the name and the proof of a key.
 * @throws Error for bytes that are no entry of this version.
 */
export type HeaderReader = (
  stored: StoredEntry,
  key: { readonly key: string; readonly proof: string },
) => OpenedHeader

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

/** Callers that shared one fetch read the same bytes one after the other. */
export function createLastReader(client: object): HeaderReader {
  let last: { readonly bytes: Uint8Array; readonly header: OpenedHeader } | undefined
  return ({ bytes }, { proof }) => {
    const epoch = last?.header.epoch ?? ''
    if (last?.bytes !== bytes) last = { bytes, header: new OpenedHeader(bytes, { proof, epoch }, client) }
    return last.header
  }
}

/** Entries whose header is remembered, a kilobyte or two each. */
const MOST = 2_000
/** A header longer than this (bytes) is parsed every time: a computed value may record thousands of tags. */
const LONGEST = 8_192

interface RememberedHeader {
  /** All of an entry up to its payload. */
  readonly bytes: Buffer
  readonly header: OpenedHeader
}

/**
 * Opens entries that come from a server for every hit. As long as the header under a name has the same bytes, it is compared
 * instead of parsed. The checksum of the whole entry is verified either way.
 */
export function createNamedReader(client: object): HeaderReader {
  const headers = createBounded<RememberedHeader>(MOST)
  return ({ bytes }, { key, proof }) => {
    const remembered = headers.recent.get(key) ?? headers.get(key)
    if (remembered && payloadUnder(bytes, remembered.bytes)) return remembered.header
    const header = new OpenedHeader(bytes, { proof, epoch: remembered?.header.epoch ?? '' }, client)
    if (header.length > LONGEST) return header
    // A copy: bytes from the network may be a view into a much larger buffer.
    headers.set(key, { bytes: Buffer.from(bytes.subarray(0, header.length)), header })
    return header
  }
}
