/**
 * True for a decoded value that {@link copyOf} copies exactly: plain objects, dense arrays, dates and primitives.
 * `value` is a decoder's work: it has no accessors, no symbols and no cycles.
 */
export function copyable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Date) return true
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) if (!(at in value) || !copyable(value[at])) return false
    return true
  }
  if (Object.getPrototypeOf(value) !== Object.prototype || Object.hasOwn(value, '__proto__')) return false
  return Object.values(value).every(copyable)
}

/** A copy that shares nothing with `value`, which is {@link copyable}. Several times cheaper than decoding it again. */
export function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const list = value.slice()
    for (let at = 0; at < list.length; at++) {
      const item: unknown = list[at]
      if (typeof item === 'object' && item !== null) list[at] = copyOf(item)
    }
    return list
  }
  if (value instanceof Date) return new Date(value)
  const record: Record<string, unknown> = { ...value }
  for (const key in record) {
    const item = record[key]
    if (typeof item === 'object' && item !== null) record[key] = copyOf(item)
  }
  return record
}
