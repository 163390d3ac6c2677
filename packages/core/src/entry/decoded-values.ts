import { LRUCache } from 'lru-cache'
import { copyable, copyOf } from '../codec/copy.ts'
import { heapSize } from '../codec/heap-size.ts'

/** Decoded values of the entries that are read most. Callers always get a copy. */
export interface DecodedValues {
  /**
   * Returns the value in `payload`, for this caller alone: an exact copy, or else decoded again.
   * @param name the entry's; `payload` is the same object as long as the entry is the same.
   */
  read(name: string, payload: Uint8Array, decode: (payload: Uint8Array) => unknown): unknown
}

/** Bounds in entries, and in bytes of the heap. */
const MOST = 1_000
const MOST_BYTES = 4_194_304
/** What one takes besides its value. */
const OVERHEAD = 250

interface DecodedValue {
  readonly payload: Uint8Array
  /** Undefined: the value has to be decoded each time. */
  readonly value: { readonly whole: unknown } | undefined
}

export function createDecodedValues(): DecodedValues {
  const models = new LRUCache<string, DecodedValue>({
    max: MOST,
    maxSize: MOST_BYTES,
    sizeCalculation: ({ value }) => OVERHEAD + (value ? heapSize(value.whole) : 0),
  })
  return {
    read(name, payload, decode) {
      const model = models.get(name)
      if (model?.payload === payload) return model.value ? copyOf(model.value.whole) : decode(payload)
      const whole = decode(payload)
      if (!copyable(whole)) {
        models.set(name, { payload, value: undefined })
        return whole
      }
      models.set(name, { payload, value: { whole } })
      return copyOf(whole)
    },
  }
}
