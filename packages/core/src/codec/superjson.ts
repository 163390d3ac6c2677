import { SuperJSON } from 'superjson'
import { carry, type Dialect } from './carry.ts'
import type { BoundCodec, Codec, ValueTypes } from './codec.ts'
import { KIND, revive, VIEWS } from './kinds.ts'

/** A value superjson would change, on its way through it. */
class CarriedValue {
  readonly kind: number
  readonly payload: unknown

  constructor(kind: number, payload: unknown) {
    this.kind = kind
    this.payload = payload
  }
}

/**
 * A readable codec: JSON, for people and other programs. It is several times slower and larger than the default. Values keep
 * their type as with `msgpackCodec()`. Encoding throws `LARDER_UNENCODABLE` for anything else.
 * @example
 * ```ts
 * import { superjsonCodec } from '@larder/core'
 *
 * const cache = createCache({ codec: superjsonCodec() })
 * ```
 */
export function superjsonCodec(): Codec {
  return { name: 'superjson', bind }
}

function bind(types: ValueTypes): BoundCodec {
  // An instance of our own: the default one is shared with the application.
  const library = new SuperJSON()
  library.registerCustom<CarriedValue, never>(
    {
      isApplicable: (value): value is CarriedValue => value instanceof CarriedValue,
      serialize: ({ kind, payload }) => ({ [nameOf(kind)]: toJson(payload, library) }) as never,
      deserialize: (json) => fromJson(json, library, types) as CarriedValue,
    },
    'larder',
  )
  const knownKeys = new Set<string>()
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  return {
    encode: (value, dataDepth) =>
      Buffer.from(library.stringify(carry(value, { ...dialect, knownKeys }, types, dataDepth))),
    decode: (bytes) => library.parse(decoder.decode(bytes)),
  }
}

const dialect: Omit<Dialect, 'knownKeys'> = {
  // JSON escapes lone surrogates, so its UTF-8 is exact.
  utf8: false,
  // superjson throws at the first three; the empty key and dots it takes for paths.
  safeKey: (key) =>
    key !== '__proto__' && key !== 'constructor' && key !== 'prototype' && key !== '' && !/[.\\]/.test(key),
  escape(kind, payload, original) {
    if (kind === KIND.undefined || kind === KIND.negativeZero || kind === KIND.bigint) return original
    if (kind === KIND.date && !Number.isNaN(payload)) return original
    return new CarriedValue(kind, payload)
  },
}

const NAMES: Readonly<Record<string, number>> = {
  Date: KIND.date,
  Decimal: KIND.decimal,
  Uint8Array: KIND.bytes,
  Buffer: KIND.buffer,
  ArrayBuffer: KIND.arrayBuffer,
  Map: KIND.map,
  Set: KIND.set,
  Object: KIND.object,
  'Object(null)': KIND.bare,
  ...Object.fromEntries(VIEWS.map((View, index) => [View.name, KIND.views + index])),
}

function nameOf(kind: number): string {
  for (const name in NAMES) if (NAMES[name] === kind) return name
  throw new Error(`Larder: superjson has no name for kind ${kind}`)
}

// superjson does not look inside custom values: lists go through it once more, bytes become base64.
function toJson(payload: unknown, library: SuperJSON): unknown {
  if (payload instanceof Uint8Array) return { base64: Buffer.from(payload).toString('base64') }
  if (Array.isArray(payload)) return library.serialize(payload)
  return payload
}

function fromJson(json: unknown, library: SuperJSON, types: ValueTypes): unknown {
  const [found] = Object.entries(json as Record<string, unknown>)
  if (!found) throw new Error('Larder: an empty value in an entry')
  const [name, payload] = found
  if (name === 'Date') return new Date(Number.NaN)
  if (typeof payload !== 'object' || payload === null) return revive(NAMES[name], payload, types)
  if ('base64' in payload) return revive(NAMES[name], Buffer.from(String(payload.base64), 'base64'), types)
  return revive(NAMES[name], library.deserialize(payload as never, { inPlace: true }), types)
}
