/**
 * Replaces the parameters that their owner may still change by copies, in the list itself: bytes, dates, and the lists and plain
 * objects that drivers send as arrays or JSON. A statement may wait for the store, and must be sent as it was called.
 */
export function ownValues(parameters: unknown[]): void {
  for (let index = 0; index < parameters.length; index++) {
    const value = parameters[index]
    if (typeof value === 'object' && value !== null) parameters[index] = copyOf(value, DEEPEST)
  }
}

/** An object that holds itself is left to the driver, which says so. */
const DEEPEST = 100

function copyOf(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || depth === 0) return value
  // Keeps the class: drivers treat a `Buffer` differently from other bytes.
  if (value instanceof Uint8Array) return Uint8Array.prototype.slice.call(value)
  if (Array.isArray(value)) return value.map((item) => copyOf(item, depth - 1))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Date.prototype) return new Date(value as Date)
  // Of an object of a class only the class knows how it is copied. Drivers ask it for its value when they send it.
  if (prototype !== Object.prototype && prototype !== null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, copyOf(item, depth - 1)]))
}
