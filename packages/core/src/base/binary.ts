/** The prototype that the prototypes of all typed arrays have in common. */
const TYPED_ARRAY: unknown = Object.getPrototypeOf(Uint8Array.prototype)

/**
 * Copies memory that its owner may still change: typed arrays such as bytes, `DataView` and `ArrayBuffer`. The copy has the same
 * class and the same bytes. Undefined for anything else, and for objects of derived classes: only the class knows how they are
 * copied.
 */
export function copyBinary(value: object): object | undefined {
  // Not an `Uint8Array`: drivers and JSON treat a `Buffer` differently from other bytes.
  if (Buffer.isBuffer(value)) return Buffer.from(value)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === ArrayBuffer.prototype) return (value as ArrayBuffer).slice(0)
  if (!ArrayBuffer.isView(value)) return undefined
  if (prototype === DataView.prototype) {
    const { buffer, byteOffset, byteLength } = value
    return new DataView(buffer.slice(byteOffset, byteOffset + byteLength))
  }
  if (prototype === null || Object.getPrototypeOf(prototype) !== TYPED_ARRAY) return undefined
  return (value as Uint8Array).slice()
}

/** The same memory as a `Buffer`. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
