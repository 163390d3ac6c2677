import { createBounded } from '../base/bounded-map.ts'
import { type Entry, open, payloadUnder } from '../codec/envelope.ts'
import type { ResultCells } from '../tags/result-tags.ts'
import { resultCellsOf } from './observed-tags.ts'
import { noncesOf, type RecordedNonces } from './recorded-nonces.ts'

/** What the header of an entry says. */
export interface OpenedHeader
  extends Pick<Entry['header'], 'codec' | 'proof' | 'epoch' | 'lifetime' | 'loadTime' | 'grace'> {
  readonly nonces: RecordedNonces
  /** Tags that only the result named. */
  readonly resultCells: readonly ResultCells[]
}

/** The bytes of an entry, taken apart. */
export interface OpenedBytes {
  readonly header: OpenedHeader
  readonly payload: Uint8Array
}

/** @throws Error for bytes that are no entry of this version. */
export function openBytes(bytes: Uint8Array): OpenedBytes {
  const { header, payload } = open(bytes)
  const { codec, proof, epoch, lifetime, loadTime, grace } = header
  const [nonces, resultCells] = [noncesOf(header), resultCellsOf(header)]
  return { header: { codec, proof, epoch, lifetime, loadTime, grace, nonces, resultCells }, payload }
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
export function createHeaderMemory(): (bytes: Uint8Array, name: string) => OpenedBytes {
  const headers = createBounded<RememberedHeader>(MOST)
  return (bytes, name) => {
    const remembered = headers.recent.get(name) ?? headers.get(name)
    const payload = remembered && payloadUnder(bytes, remembered.bytes)
    if (remembered && payload) return { header: remembered.header, payload }
    const opened = openBytes(bytes)
    const length = bytes.length - opened.payload.length
    if (length > LONGEST) return opened
    // A copy: bytes from the network may be a view into a much larger buffer.
    headers.set(name, { bytes: Buffer.from(bytes.subarray(0, length)), header: opened.header })
    return opened
  }
}
