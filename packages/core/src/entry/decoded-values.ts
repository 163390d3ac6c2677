import { ownText } from '../base/own-text.ts'
import { heapSize } from '../codec/heap-size.ts'
import type { ValueTypes } from '../keys/value-types.ts'
import { type ClientData, clientDataOf, type LocalEntry } from '../store/local-entries.ts'

/** The value of an entry, as bytes. */
export interface LocalPayload {
  readonly payload: Uint8Array
  /** The entry in the memory of this process, if it is there. */
  readonly local?: LocalEntry | undefined
}

/** Decoded values of entries in memory, kept beside them. Callers always get a copy. */
export interface DecodedValues {
  /** Returns the value for this caller alone: an exact copy, or else decoded again. */
  read(source: LocalPayload, decode: (payload: Uint8Array) => unknown): unknown
}

/** What a {@link ClientData} takes of the heap. */
const DERIVED_BYTES = 48
/** Texts of a longer payload are not copied: what they keep in memory besides themselves is small in comparison. */
const SMALL = 1_024
/** In place of a value that has to be decoded each time. */
const NO_COPY = {}

/** @param client whose values they are. */
export function createDecodedValues(client: object, { decimal }: ValueTypes = {}): DecodedValues {
  return {
    read(source, decode) {
      const { local } = source
      if (!local) return decode(source.payload)
      const decoded = clientDataOf(local, client)?.decoded
      if (decoded !== undefined)
        return decoded === NO_COPY ? decode(source.payload) : copyOf(decoded, decimal)
      const { payload } = source
      const value = decode(payload)
      const canCopy = copyable(value, decimal)
      const kept = canCopy && payload.length <= SMALL ? withOwnTexts(value) : value
      if (!local.holder?.charge(local, DERIVED_BYTES + (canCopy ? heapSize(kept) : 0))) return value
      const derived = clientDataOf(local, client) ?? addDerived(local, client)
      derived.decoded = canCopy ? kept : NO_COPY
      return canCopy ? copyOf(kept, decimal) : value
    },
  }
}

function addDerived(local: LocalEntry, client: object): ClientData {
  const derived = { client, decoded: undefined, next: local.derived }
  local.derived = derived
  return derived
}

/** A decoder's texts may be parts of one long text. @param value {@link copyable}, and nobody else has it. */
function withOwnTexts(value: unknown): unknown {
  if (typeof value === 'string') return ownText(value)
  if (typeof value !== 'object' || value === null) return value
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return value
  const holder = value as Record<string, unknown>
  for (const key in holder) holder[key] = withOwnTexts(holder[key])
  return value
}

/**
 * True for a decoded value that {@link copyOf} copies exactly: plain objects, dense arrays, dates, decimals of a host that
 * copies them, and primitives.
 * `value` is a decoder's work: it has no accessors, no symbols and no cycles.
 */
export function copyable(value: unknown, decimal?: ValueTypes['decimal']): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Date) return true
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++)
      if (!(at in value) || !copyable(value[at], decimal)) return false
    return true
  }
  if (Object.getPrototypeOf(value) !== Object.prototype)
    return decimal?.copy !== undefined && decimal.is(value)
  return !Object.hasOwn(value, '__proto__') && Object.values(value).every((item) => copyable(item, decimal))
}

/** A copy that shares nothing with `value`, which is {@link copyable}. Several times cheaper than decoding it again. */
export function copyOf(value: unknown, decimal?: ValueTypes['decimal']): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const list = value.slice()
    for (let at = 0; at < list.length; at++) {
      const item: unknown = list[at]
      if (typeof item === 'object' && item !== null) list[at] = copyOf(item, decimal)
    }
    return list
  }
  if (value instanceof Date) return new Date(value)
  if (decimal?.copy && Object.getPrototypeOf(value) !== Object.prototype) return decimal.copy(value)
  const record: Record<string, unknown> = { ...value }
  for (const key in record) {
    const item = record[key]
    if (typeof item === 'object' && item !== null) record[key] = copyOf(item, decimal)
  }
  return record
}
