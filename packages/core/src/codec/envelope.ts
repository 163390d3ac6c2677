import { crc32 } from 'node:zlib'
import { bufferOf } from '../base/binary.ts'

/** A tag by its name in the record, with the nonce it had before the first SQL statement. */
export type EntryTag = readonly [name: string, nonce: string]

/** What an entry depends on in one record of the store. */
export interface EntryTags {
  readonly record: string
  readonly fields: readonly EntryTag[]
  readonly cells: readonly EntryTag[]
  /** Cells that only the result named: whoever reads the entry learns of them by it. */
  readonly resultCells: readonly EntryTag[]
  /** The load captured these tags from its reads: whoever reads the entry learns of them by it. */
  readonly captured?: true
}

/** All that has to be known about an entry before its value is looked at. */
export interface EntryHeader {
  /** Name of the codec that wrote the payload. */
  readonly codec: string
  /** Second half of the key's digest: another query's entry under the same name is a miss. */
  readonly proof: string
  /** The store's epoch the nonces count together with. */
  readonly epoch: string
  /** Time until the entry expires, in milliseconds. The store keeps it for `grace` longer. */
  readonly lifetime: number
  /** The result is "not found" or an empty list: `cacheEmpty` rules it. */
  readonly empty: boolean
  /** How long the load took, in whole milliseconds. */
  readonly loadTime: number
  /** How long the entry may be served after it has expired, in milliseconds, if its policy allows that. */
  readonly grace: number
  readonly tags: readonly EntryTags[]
}

/** An entry taken apart. `payload` is a view into the bytes it was opened from. */
export interface Entry {
  readonly header: EntryHeader
  readonly payload: Uint8Array
}

// magic "LRD", format version, CRC-32 of all that follows, length of the header, header (JSON), payload
const MAGIC = 0x4c5244
const VERSION = 2
const CRC_AT = 4
const LENGTH_AT = 8
const HEADER_AT = 12

/** Header and payload as one run of bytes with memory of its own. */
export function seal(header: EntryHeader, payload: Uint8Array): Uint8Array {
  const { codec, proof, epoch, lifetime, empty, loadTime, grace, tags } = header
  const text = JSON.stringify([
    codec,
    proof,
    epoch,
    lifetime,
    empty,
    loadTime,
    grace,
    tags.map(({ record, fields, cells, resultCells, captured }) => {
      if (captured) return [record, fields, cells, resultCells, 1]
      return resultCells.length ? [record, fields, cells, resultCells] : [record, fields, cells]
    }),
  ])
  const length = Buffer.byteLength(text)
  // Not from the pool: an entry kept in memory must not keep its neighbours.
  const bytes = Buffer.allocUnsafeSlow(HEADER_AT + length + payload.length)
  bytes.writeUIntBE(MAGIC, 0, 3)
  bytes.writeUInt8(VERSION, 3)
  bytes.writeUInt32LE(length, LENGTH_AT)
  bytes.write(text, HEADER_AT)
  bytes.set(payload, HEADER_AT + length)
  bytes.writeUInt32LE(crc32(bytes.subarray(LENGTH_AT)), CRC_AT)
  return bytes
}

/**
 * Reads the header and leaves the payload as it is.
 * @throws Error for bytes that are foreign, truncated, damaged, or of a newer format: each is a miss.
 */
export function open(bytes: Uint8Array): Entry {
  const view = bufferOf(bytes)
  if (view.length < HEADER_AT || view.readUIntBE(0, 3) !== MAGIC) throw new Error('Larder: not an entry')
  if (view[3] !== VERSION)
    throw new Error(`Larder: an entry of format ${view[3]}, this version reads ${VERSION}`)
  if (!isWhole(view)) throw new Error('Larder: a damaged or truncated entry')
  const end = HEADER_AT + view.readUInt32LE(LENGTH_AT)
  if (end > view.length) throw new Error('Larder: a header longer than its entry')
  return { header: parse(view.toString('utf8', HEADER_AT, end)), payload: bytes.subarray(end) }
}

/**
 * The payload of an entry whose header is known from another one with the same header. The checksum is verified.
 * @param known the bytes of the other one up to its payload.
 * @returns undefined if the header differs, or the entry is damaged.
 */
export function payloadUnder(bytes: Uint8Array, known: Buffer): Uint8Array | undefined {
  const view = bufferOf(bytes)
  const { length } = known
  // The checksum differs with the payload, the marks of the format before it do not.
  if (view.length < length || view.readUInt32LE(0) !== known.readUInt32LE(0)) return undefined
  if (view.compare(known, LENGTH_AT, length, LENGTH_AT, length) !== 0) return undefined
  return isWhole(view) ? bytes.subarray(length) : undefined
}

function isWhole(view: Buffer): boolean {
  return crc32(view.subarray(LENGTH_AT)) === view.readUInt32LE(CRC_AT)
}

const [CLOSING_BRACE, COLON] = [0x7d, 0x3a]

/**
 * Counts the tables and the value cells on which an entry depends, without parsing its header. A user tag counts as two
 * tables. Bytes that are no entry depend on nothing.
 */
export function tagCount(bytes: Uint8Array): { readonly tables: number; readonly cells: number } {
  let [tables, cells] = [0, 0]
  const view = bufferOf(bytes)
  const end = bytes.length < HEADER_AT ? 0 : Math.min(bytes.length, HEADER_AT + view.readUInt32LE(LENGTH_AT))
  // The name of a record ends with a brace, that of a cell goes on with a colon. Neither contains any other.
  for (
    let at = view.indexOf(CLOSING_BRACE, HEADER_AT);
    at !== -1 && at < end;
    at = view.indexOf(CLOSING_BRACE, at + 1)
  )
    if (view[at + 1] === COLON) cells++
    else tables++
  return { tables, cells }
}

type WireTags = [
  record: string,
  fields: EntryTag[],
  cells: EntryTag[],
  resultCells?: EntryTag[],
  captured?: 1,
]
type Wire = [
  codec: string,
  proof: string,
  epoch: string,
  lifetime: number,
  empty: boolean,
  loadTime: number,
  grace: number,
  tags: WireTags[],
]

// The checksum is right, so the shape is too: only Larder of this format writes it.
function parse(text: string): EntryHeader {
  const [codec, proof, epoch, lifetime, empty, loadTime, grace, tags] = JSON.parse(text) as Wire
  return {
    codec,
    proof,
    epoch,
    lifetime,
    empty,
    loadTime,
    grace,
    tags: tags.map(([record, fields, cells, resultCells = [], captured]) => ({
      record,
      fields,
      cells,
      resultCells,
      ...(captured && { captured: true }),
    })),
  }
}
