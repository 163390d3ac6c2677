import { LRUCache } from 'lru-cache'
import { heapSize } from '../codec/heap-size.ts'
import type { ValueTypes } from '../keys/value-types.ts'

/** Decoded values of the entries that are read most. Callers always get a copy. */
export interface DecodedValues {
  /**
   * Returns the value in `payload`, for this caller alone: an exact copy, or else decoded again.
   * @param name the entry's; `payload` is the same object as long as the entry is the same.
   */
  read(name: string, payload: Uint8Array, decode: (payload: Uint8Array) => unknown): unknown
}

/** The share of the memory tier's bytes that decoded values may take besides. */
const SHARE = 0.5
/** What one takes besides its value. */
const OVERHEAD = 250

interface DecodedValue {
  readonly payload: Uint8Array
  /** Undefined: the value has to be decoded each time. */
  readonly value: { readonly whole: unknown } | undefined
}

/** @param bounds of the memory tier, in entries and in bytes of the heap. */
export function createDecodedValues(
  bounds: { readonly maxEntries: number; readonly maxBytes: number },
  { decimal }: ValueTypes = {},
): DecodedValues {
  const models = new LRUCache<string, DecodedValue>({
    max: bounds.maxEntries,
    maxSize: Math.max(1, Math.floor(bounds.maxBytes * SHARE)),
    sizeCalculation: ({ value }) => OVERHEAD + (value ? heapSize(value.whole) : 0),
  })
  return {
    read(name, payload, decode) {
      const model = models.get(name)
      if (model?.payload === payload)
        return model.value ? copyOf(model.value.whole, decimal) : decode(payload)
      const whole = decode(payload)
      if (!copyable(whole, decimal)) {
        models.set(name, { payload, value: undefined })
        return whole
      }
      models.set(name, { payload, value: { whole } })
      return copyOf(whole, decimal)
    },
  }
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
