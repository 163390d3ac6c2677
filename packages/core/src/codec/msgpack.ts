import { Packr } from 'msgpackr'
import { carry, type Dialect } from './carry.ts'
import type { BoundCodec, Codec, ValueTypes } from './codec.ts'
import { KIND, revive } from './kinds.ts'

// NOTE: msgpackr's extension types live in one registry per process, which the application may use for its own
// classes. So nothing is registered and none is relied on: objects are written as records, which leaves MessagePack
// maps free, and a map of one number is the stand-in for everything special: Map { kind => payload }.
// Records define their keys inside each entry (no shared structures): an entry can be read by itself.
// A row may have columns named `constructor` and `toJSON`: they are data, not hooks.
const OPTIONS = { useRecords: true, mapsAsObjects: false, moreTypes: false, useToJSON: false } as const

// Never begins a MessagePack value: announces raw bytes before it.
const WITH_BYTES = 0xc1
const PREFIX = 5

// The first msgpackr renames; under the second it keeps its own book of record shapes.
const UNSAFE = new Set(['__proto__', '__keys__'])

/**
 * The default codec: MessagePack, compact and fast. A list of rows contains its column names once. Values keep their type:
 * Date, BigInt, Decimal, bytes, Map, Set, undefined, NaN and -0. Encoding throws `LARDER_UNENCODABLE` for anything else.
 * @example
 * ```ts
 * import { msgpackCodec } from '@larder/core'
 *
 * const cache = createCache({ codec: msgpackCodec() })
 * ```
 */
export function msgpackCodec(): Codec {
  return { name: 'msgpack', bind }
}

function bind(types: ValueTypes): BoundCodec {
  const packr = new Packr(OPTIONS)
  const knownKeys = new Set<string>()
  return {
    encode(value, dataDepth) {
      const raw = rawBytes()
      const plain = carry(value, { ...dialect, knownKeys, escape: raw.escape }, types, dataDepth)
      return raw.before(packr.pack(plain))
    },
    decode(bytes) {
      const { raw, rest } = split(bytes)
      return restore(packr.unpack(rest), raw, types)
    },
  }
}

const dialect: Omit<Dialect, 'escape' | 'knownKeys'> = {
  utf8: true,
  safeKey: (key) => !UNSAFE.has(key) && key.isWellFormed(),
}

// Bytes travel in front of the MessagePack part: copied once, and no extension needed to tell their class.
function rawBytes(): { escape: Dialect['escape']; before(packed: Uint8Array): Uint8Array } {
  const parts: Uint8Array[] = []
  let length = 0
  return {
    escape(kind, payload, original) {
      // 64 bits are MessagePack's own; numbers are never written with that type.
      if (kind === KIND.bigint && BigInt.asIntN(64, original as bigint) === original) return original
      if (!(payload instanceof Uint8Array)) return standInFor(kind, payload)
      const at = length
      parts.push(payload)
      length += payload.length
      return standInFor(kind, standInFor(at, payload.length))
    },
    before(packed) {
      if (parts.length === 0) return packed
      const head = Buffer.allocUnsafe(PREFIX)
      head.writeUInt8(WITH_BYTES, 0)
      head.writeUInt32LE(length, 1)
      return Buffer.concat([head, ...parts, packed])
    },
  }
}

/** Faster than a map of a list of pairs. */
function standInFor(kind: number, payload: unknown): Map<number, unknown> {
  const map = new Map<number, unknown>()
  map.set(kind, payload)
  return map
}

function split(bytes: Uint8Array): { raw: Uint8Array; rest: Uint8Array } {
  if (bytes[0] !== WITH_BYTES) return { raw: bytes.subarray(0, 0), rest: bytes }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = PREFIX + view.getUint32(1, true)
  if (end >= bytes.length) throw new Error('Larder: a truncated entry')
  return { raw: bytes.subarray(PREFIX, end), rest: bytes.subarray(end) }
}

// Everything here was made by msgpackr a moment ago, so stand-ins are replaced in place.
function restore(value: unknown, raw: Uint8Array, types: ValueTypes): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Map) return standIn(value, raw, types)
  const holder = value as Record<string | number, unknown>
  if (Array.isArray(value))
    for (let index = 0; index < value.length; index++) replace(holder, index, raw, types)
  else for (const key in holder) replace(holder, key, raw, types)
  return value
}

function replace(
  holder: Record<string | number, unknown>,
  key: string | number,
  raw: Uint8Array,
  types: ValueTypes,
): void {
  const item = holder[key]
  if (typeof item !== 'object' || item === null) return
  const restored = restore(item, raw, types)
  if (restored !== item) holder[key] = restored
}

function standIn(map: Map<unknown, unknown>, raw: Uint8Array, types: ValueTypes): unknown {
  const { value: first } = map.entries().next()
  if (!first || map.size !== 1) throw new Error('Larder: a map that this codec did not write')
  const [kind, payload] = first
  if (!(payload instanceof Map)) return revive(kind, restore(payload, raw, types), types)
  const { value: slice } = payload.entries().next()
  const [at, length] = slice ?? []
  if (
    typeof at !== 'number' ||
    typeof length !== 'number' ||
    at < 0 ||
    length < 0 ||
    at + length > raw.length
  )
    throw new Error('Larder: bytes outside their entry')
  return revive(kind, raw.subarray(at, at + length), types)
}
