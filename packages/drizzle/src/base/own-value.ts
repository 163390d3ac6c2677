import { copyBinary } from '@larder/core/host'

/** What is nested deeper is shared with the caller. */
const DEEPEST = 100

/**
 * Copies what the owner of a parameter may still change: bytes and other binary data, dates, and the lists and plain objects
 * that drivers send as arrays or JSON. Anything else is returned as it is.
 */
export function ownValue(value: object): unknown {
  return copyOf(value, DEEPEST, new Map())
}

/** @param copies so far. An object that contains itself is copied once; the driver rejects it as it would without Larder. */
function copyOf(value: unknown, depth: number, copies: Map<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null || depth === 0) return value
  const copied = copies.get(value)
  if (copied) return copied
  const binary = copyBinary(value)
  if (binary) return binary
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Date.prototype) return new Date(value as Date)
  if (prototype === Array.prototype) {
    const list = value as unknown[]
    const copy: unknown[] = new Array(list.length)
    copies.set(list, copy)
    // Holes stay holes: some drivers reject `undefined`.
    list.forEach((item, at) => {
      copy[at] = copyOf(item, depth - 1, copies)
    })
    return copy
  }
  // Of an object of a class only the class knows how it is copied. Drivers ask it for its value when they send it.
  if (prototype !== Object.prototype && prototype !== null) return value
  // So it is with an object that has its own way to be written.
  if (WRITTEN_BY.some((method) => method in value)) return value
  const copy: Record<string, unknown> = {}
  copies.set(value, copy)
  for (const [name, item] of Object.entries(value))
    Object.defineProperty(copy, name, { ...PLAIN, value: copyOf(item, depth - 1, copies) })
  return copy
}

/** Methods by which drivers and JSON ask an object for what to send. */
const WRITTEN_BY = ['toJSON', 'toPostgres', 'toSqlString']
const PLAIN = { enumerable: true, configurable: true, writable: true }
