import type { ValueTypes } from './codec.ts'

/** What codecs carry specially. The numbers are written into entries: never reuse one. */
export const KIND = {
  undefined: 0,
  negativeZero: 1,
  date: 2,
  bigint: 3,
  decimal: 4,
  /** A string with lone surrogates, as the bytes of its UTF-16. */
  text: 5,
  bytes: 6,
  buffer: 7,
  arrayBuffer: 8,
  map: 9,
  set: 10,
  /** An object with keys the library would lose, as a flat list of keys and values. */
  object: 11,
  /** An object without a prototype, likewise. */
  bare: 12,
  /** From here on: one number per class in {@link VIEWS}. */
  views: 32,
} as const

type ViewClass = {
  new (buffer: ArrayBuffer): ArrayBufferView
  readonly prototype: object
  readonly name: string
}

/** Typed arrays besides Uint8Array, in the order of their numbers. */
export const VIEWS: readonly ViewClass[] = [
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
]

/**
 * Builds the value of `kind` from its payload: a number, a text, bytes, or a list whose members are already built.
 * Bytes are copied, so that no value keeps the whole entry in memory or shares its memory with another.
 * @throws Error when the payload is not one this kind is written with.
 */
export function revive(kind: unknown, payload: unknown, types: ValueTypes): unknown {
  if (typeof payload === 'string') return fromText(kind, payload, types)
  if (payload instanceof Uint8Array) return fromBytes(kind, payload)
  if (Array.isArray(payload)) return fromList(kind, payload)
  if (kind === KIND.date && typeof payload === 'number') return new Date(payload)
  if (kind === KIND.undefined && payload === null) return undefined
  if (kind === KIND.negativeZero && payload === null) return -0
  return rejectKind(kind)
}

function fromText(kind: unknown, text: string, types: ValueTypes): unknown {
  if (kind === KIND.decimal && types.decimal) return types.decimal.make(text)
  if (kind === KIND.bigint) return BigInt(text)
  return rejectKind(kind)
}

function fromBytes(kind: unknown, bytes: Uint8Array): unknown {
  if (kind === KIND.buffer) return Buffer.from(bytes)
  if (kind === KIND.text) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf16le')
  const copy = new Uint8Array(bytes)
  if (kind === KIND.bytes) return copy
  if (kind === KIND.arrayBuffer) return copy.buffer
  const View: ViewClass | undefined = typeof kind === 'number' ? VIEWS[kind - KIND.views] : undefined
  return View ? new View(copy.buffer) : rejectKind(kind)
}

function fromList(kind: unknown, list: readonly unknown[]): unknown {
  if (kind === KIND.set) return new Set(list)
  if (list.length % 2 === 1) return rejectKind(kind)
  if (kind === KIND.map) {
    const map = new Map<unknown, unknown>()
    for (let index = 0; index < list.length; index += 2) map.set(list[index], list[index + 1])
    return map
  }
  if (kind !== KIND.object && kind !== KIND.bare) return rejectKind(kind)
  const object: object = kind === KIND.bare ? Object.create(null) : {}
  // Defined, not assigned: `__proto__` has to become a key.
  for (let index = 0; index < list.length; index += 2)
    Object.defineProperty(object, String(list[index]), {
      value: list[index + 1],
      writable: true,
      enumerable: true,
      configurable: true,
    })
  return object
}

function rejectKind(kind: unknown): never {
  throw new Error(`Larder: an entry holds a value of kind ${String(kind)} that this codec did not write`)
}
