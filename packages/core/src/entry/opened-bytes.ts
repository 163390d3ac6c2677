import { createBounded } from '../base/bounded-map.ts'
import { type Entry, open, payloadUnder } from '../codec/envelope.ts'
import type { ClientData } from '../store/local-entries.ts'
import type { StoredEntry } from '../store/store.ts'
import type { ResultCells } from '../tags/result-tags.ts'
import { resultCellsOf } from './observed-tags.ts'
import { noncesOf, type RecordedNonces } from './recorded-nonces.ts'

/** What every reader of an entry needs of its header. */
export interface EntryFacts extends Pick<Entry['header'], 'lifetime' | 'loadTime' | 'grace'> {
  /** The tags that only the result named. */
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

/**
 * Reads the header of an entry under the name and the proof of a key.
 * @throws Error for bytes that are no entry of this version.
 */
export type HeaderReader = (
  stored: StoredEntry,
  key: { readonly key: string; readonly proof: string },
) => OpenedHeader

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
