/** What reads the values of a record, one after the other. */
export interface ValueReader {
  value(): unknown
}

/** The keys of records that have the same ones, in the same order. */
export interface RecordShape {
  /** As they are written: a list of texts in MessagePack. */
  readonly bytes: Uint8Array
  /** Reads the values of one record. */
  read(reader: ValueReader): Record<string, unknown>
}

/** Shapes remembered in each of two generations. Keys may be data, in a JSON column, so there is no end to them. */
const MOST = 500
/** A shape whose keys take more bytes is read anew each time, and never compiled. */
const LONGEST = 4_096
/** Compiling costs as much as reading some hundred records, so a shape must have been read this often before. */
const COMPILE_AFTER = 3
/** So many bytes at most tell where to look for a shape. */
const HASHED = 16

/** Remembers the shapes of records by the bytes of their keys, which every entry contains. */
export class RecordShapes {
  private last: RecordShape | undefined
  private young = new Map<number, RecordShape[]>()
  private old = new Map<number, RecordShape[]>()
  private count = 0

  /** The shape whose keys are at this place in `bytes`. Undefined: it is not remembered. */
  find(bytes: Uint8Array, at: number): RecordShape | undefined {
    const { last } = this
    if (last && isAt(bytes, at, last)) return last
    const hash = hashOf(bytes, at)
    const young = shapeAt(this.young.get(hash), bytes, at)
    if (young) {
      this.last = young
      return young
    }
    const old = shapeAt(this.old.get(hash), bytes, at)
    if (old) this.remember(hash, old)
    return old
  }

  /**
   * Adds the shape whose keys are at `from` in `bytes`, and end at `to`.
   * @throws Error for keys that the codec does not write.
   */
  add(bytes: Uint8Array, from: number, to: number, keys: unknown): RecordShape {
    if (!isKeys(keys)) throw new Error('Larder: a record with keys that this codec did not write')
    const shape = createShape(Uint8Array.prototype.slice.call(bytes, from, to), keys)
    if (to - from <= LONGEST) this.remember(hashOf(bytes, from), shape)
    return shape
  }

  private remember(hash: number, shape: RecordShape): void {
    if (this.count >= MOST) {
      this.old = this.young
      this.young = new Map()
      this.count = 0
    }
    const equal = this.young.get(hash)
    if (equal) equal.push(shape)
    else this.young.set(hash, [shape])
    this.count++
    this.last = shape
  }
}

function shapeAt(
  shapes: readonly RecordShape[] | undefined,
  bytes: Uint8Array,
  at: number,
): RecordShape | undefined {
  if (shapes) for (const shape of shapes) if (isAt(bytes, at, shape)) return shape
  return undefined
}

// A list says how long it is and so does each text: no other keys begin with the same bytes.
function isAt(bytes: Uint8Array, at: number, shape: RecordShape): boolean {
  const { bytes: keys } = shape
  for (let index = 0; index < keys.length; index++) if (bytes[at + index] !== keys[index]) return false
  return true
}

/** Only of bytes that belong to the keys: each key takes one at least. */
function hashOf(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0
  const count = first >= 0x90 && first < 0xa0 ? first - 0x90 + 1 : HASHED
  let hash = 0
  for (let index = 0; index < count; index++) hash = (Math.imul(hash, 31) + (bytes[at + index] ?? 0)) | 0
  return hash
}

/** `__proto__` is not written as a key, because it would not become one. */
function isKeys(keys: unknown): keys is readonly string[] {
  return Array.isArray(keys) && keys.every((key) => typeof key === 'string' && key !== '__proto__')
}

function createShape(bytes: Uint8Array, keys: readonly string[]): RecordShape {
  let reads = 0
  const readKeys = (reader: ValueReader): Record<string, unknown> => {
    if (++reads === COMPILE_AFTER && bytes.length <= LONGEST) shape.read = compile(keys) ?? readKeys
    const record: Record<string, unknown> = {}
    for (let index = 0; index < keys.length; index++) record[keys[index] as string] = reader.value()
    return record
  }
  const shape = { bytes, read: readKeys }
  return shape
}

/**
 * A function that makes the whole record at once, a quarter faster. Undefined where a platform forbids to make functions
 * from text.
 */
function compile(keys: readonly string[]): RecordShape['read'] | undefined {
  const properties = keys.map((key) => `${JSON.stringify(key)}: reader.value()`)
  try {
    return new Function('reader', `return { ${properties.join(', ')} }`) as RecordShape['read']
  } catch {
    return undefined
  }
}
