import { Packr } from 'msgpackr'
import { bufferOf } from '../base/binary.ts'
import { carry, type Dialect } from './carry.ts'
import type { BoundCodec, Codec, ValueTypes } from './codec.ts'
import { KIND } from './kinds.ts'
import { MessagePackReader } from './msgpack-reader.ts'

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
  const reader = new MessagePackReader(types)
  const knownKeys = new Set<string>()
  return {
    encode(value, dataDepth) {
      const raw = rawBytes()
      const plain = carry(value, { ...dialect, knownKeys, escape: raw.escape }, types, dataDepth)
      return raw.before(packr.pack(plain))
    },
    decode(bytes) {
      const buffer = bufferOf(bytes)
      if (buffer[0] !== WITH_BYTES) return reader.decode(buffer, 0, 0)
      return reader.decode(buffer, PREFIX + buffer.readUInt32LE(1), PREFIX)
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
