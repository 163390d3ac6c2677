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

// magic "LRD", format version, CRC-32 of the payload, CRC-32 of all between here and the payload, length of the header,
// header (JSON), payload. Two checksums, because a hit compares the header with one that was verified, and need not verify
// it again.
const MAGIC = 0x4c5244
const VERSION = 3
const PAYLOAD_CRC_AT = 4
const HEADER_CRC_AT = 8
const LENGTH_AT = 12
const HEADER_AT = 16

/** Header and payload as one run of bytes with memory of its own. */
export function seal(header: EntryHeader, payload: Uint8Array): Uint8Array {
  const text = JSON.stringify(toWire(header))
  const length = Buffer.byteLength(text)
  const end = HEADER_AT + length
  // Not from the pool: an entry kept in memory must not keep its neighbours.
  const bytes = Buffer.allocUnsafeSlow(end + payload.length)
  bytes.writeUIntBE(MAGIC, 0, 3)
  bytes.writeUInt8(VERSION, 3)
  bytes.writeUInt32LE(length, LENGTH_AT)
  bytes.write(text, HEADER_AT)
  bytes.set(payload, end)
  bytes.writeUInt32LE(crc32(payload), PAYLOAD_CRC_AT)
  bytes.writeUInt32LE(crc32(bytes.subarray(LENGTH_AT, end)), HEADER_CRC_AT)
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
  const end = HEADER_AT + view.readUInt32LE(LENGTH_AT)
  const payload = bytes.subarray(end)
  if (
    end > view.length ||
    crc32(view.subarray(LENGTH_AT, end)) !== view.readUInt32LE(HEADER_CRC_AT) ||
    crc32(payload) !== view.readUInt32LE(PAYLOAD_CRC_AT)
  )
    throw new Error('Larder: a damaged or truncated entry')
  return { header: fromWire(JSON.parse(view.toString('utf8', HEADER_AT, end)) as Wire), payload }
}

/**
 * The payload of an entry whose header is known from another one with the same header. Its checksum is verified.
 * @param known the bytes of the other one up to its payload.
 * @returns undefined if the header differs, or the payload is damaged.
 */
export function payloadUnder(bytes: Uint8Array, known: Buffer): Uint8Array | undefined {
  const view = bufferOf(bytes)
  const { length } = known
  // Only the checksum of the payload may differ. The marks of the format are before it.
  if (view.length < length || view.readUInt32LE(0) !== known.readUInt32LE(0)) return undefined
  if (view.compare(known, HEADER_CRC_AT, length, HEADER_CRC_AT, length) !== 0) return undefined
  const payload = bytes.subarray(length)
  return crc32(payload) === view.readUInt32LE(PAYLOAD_CRC_AT) ? payload : undefined
}

const [CLOSING_BRACE, COLON] = [0x7d, 0x3a]
/** How the name of a cell begins that goes on where the name of its record ends. */
const CELL = Buffer.from('[":')

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
  for (let at = view.indexOf(CELL, HEADER_AT); at !== -1 && at < end; at = view.indexOf(CELL, at + 1)) cells++
  return { tables, cells }
}

/** `whole`: the nonce does not end as that of the first tag does. */
type WireTag = [name: string, nonce: string, whole?: 1]
type WireTags = [record: string, fields: WireTag[], cells: WireTag[], resultCells?: WireTag[], captured?: 1]
type Wire = [
  codec: string,
  proof: string,
  epoch: string,
  lifetime: number,
  empty: boolean,
  loadTime: number,
  grace: number,
  /** Where the nonces come from: what most of them end with. */
  origin: string,
  tags: WireTags[],
]

function toWire({ codec, proof, epoch, lifetime, empty, loadTime, grace, tags }: EntryHeader): Wire {
  const origin = originOf(tags)
  const tagOf = (name: string, nonce: string): WireTag =>
    nonce.endsWith(origin) ? [name, nonce.slice(0, nonce.length - origin.length)] : [name, nonce, 1]
  const wire = tags.map(({ record, fields, cells, resultCells, captured }): WireTags => {
    const cellOf = ([name, nonce]: EntryTag): WireTag => tagOf(shortName(name, record), nonce)
    const texts: WireTags = [record, fields.map(([name, nonce]) => tagOf(name, nonce)), cells.map(cellOf)]
    if (captured || resultCells.length) texts.push(resultCells.map(cellOf))
    if (captured) texts.push(1)
    return texts
  })
  return [codec, proof, epoch, lifetime, empty, loadTime, grace, origin, wire]
}

// The checksum is right, so the shape is too: only Larder of this format writes it.
function fromWire([codec, proof, epoch, lifetime, empty, loadTime, grace, origin, wire]: Wire): EntryHeader {
  const nonceOf = ([, nonce, whole]: WireTag): string => (whole ? nonce : `${nonce}${origin}`)
  const tags = wire.map(([record, fields, cells, resultCells = [], captured]): EntryTags => {
    const cellOf = (tag: WireTag): EntryTag => [longName(tag[0], record), nonceOf(tag)]
    return {
      record,
      fields: fields.map((tag): EntryTag => [tag[0], nonceOf(tag)]),
      cells: cells.map(cellOf),
      resultCells: resultCells.map(cellOf),
      ...(captured && { captured: true }),
    }
  })
  return { codec, proof, epoch, lifetime, empty, loadTime, grace, tags }
}

/** What the first nonce ends with, from its `@` on: in one process of a server, all of them do. */
function originOf(tags: readonly EntryTags[]): string {
  for (const { fields, cells } of tags) {
    const nonce = (fields[0] ?? cells[0])?.[1]
    if (nonce !== undefined) return nonce.includes('@') ? nonce.slice(nonce.lastIndexOf('@')) : ''
  }
  return ''
}

/** Before a name that is written as it is. */
const WHOLE = '!'

/** Nearly every cell is named after its record, whose name need not be repeated. */
function shortName(name: string, record: string): string {
  return name.startsWith(`${record}:`) ? name.slice(record.length) : `${WHOLE}${name}`
}

function longName(name: string, record: string): string {
  return name.startsWith(WHOLE) ? name.slice(1) : `${record}${name}`
}
