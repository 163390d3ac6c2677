import { isWide } from '../base/own-text.ts'

/** Most values looked at: those of a longer list are taken to be like its first ones. */
const MOST_ITEMS = 100

/** About how many bytes of the heap a decoded value takes: what V8 of a 64-bit Node.js gives strings, lists and records. */
export function heapSize(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return textSize(value)
    case 'number':
      return Number.isSafeInteger(value) && Math.abs(value) < 2 ** 31 ? 0 : 16
    case 'bigint':
      return 24
    case 'object':
      return value === null ? 0 : objectSize(value)
    default:
      return 0
  }
}

function textSize(text: string): number {
  return 16 + Math.ceil((text.length * (isWide(text) ? 2 : 1)) / 8) * 8
}

function objectSize(object: object): number {
  if (object instanceof Date) return 104
  if (ArrayBuffer.isView(object)) return 200 + object.byteLength
  const values: readonly unknown[] = Array.isArray(object) ? object : Object.values(object)
  const looked = values.slice(0, MOST_ITEMS)
  const sum = looked.reduce<number>((total, item) => total + heapSize(item), 0)
  return 48 + 8 * values.length + (looked.length ? (sum / looked.length) * values.length : 0)
}
