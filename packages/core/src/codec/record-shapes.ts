/** Records of one definition. */
export interface RecordShape {
  /** Builds one record, whose values are read in the order of its keys. */
  build(): unknown
}

/** Record definitions that entries begin with, and what builds records of them. */
export interface RecordShapes {
  /**
   * @param bytes in which the definition lies: the MessagePack list of keys.
   * @param keysOf reads the keys, if the definition is new.
   * @returns undefined for keys that the library would rename.
   */
  at(bytes: Buffer, from: number, to: number, keysOf: () => readonly string[]): RecordShape | undefined
}

interface KnownShape extends RecordShape {
  readonly definition: Buffer
}

/** Definitions remembered. Records of further ones are built property by property. */
const MOST = 1_000
/** Records that are built property by property before a function is compiled for their shape. */
const BEFORE_COMPILING = 4

/**
 * Every entry defines its records itself, and nearly all entries of a model define the same one. What is known of a definition
 * is remembered by its bytes.
 * @param next reads the next value.
 */
export function createRecordShapes(next: () => unknown): RecordShapes {
  const known = new Map<number, readonly KnownShape[]>()
  let count = 0
  return {
    at(bytes, from, to, keysOf) {
      const print = printOf(bytes, from, to)
      const alike = known.get(print)
      for (const shape of alike ?? NONE)
        if (bytes.compare(shape.definition, 0, shape.definition.length, from, to) === 0) return shape
      const keys = keysOf()
      if (keys.includes('__proto__')) return undefined
      const shape = { definition: Buffer.from(bytes.subarray(from, to)), build: builderOf(keys, next) }
      if (count++ < MOST) known.set(print, [...(alike ?? []), shape])
      return shape
    },
  }
}

const NONE: readonly KnownShape[] = []

/** Tells most definitions apart. */
function printOf(bytes: Buffer, from: number, to: number): number {
  const middle = (from + to) >> 1
  return (
    (((to - from) * 31 + (bytes[from + 2] as number)) * 31 + (bytes[middle] as number)) * 31 +
    (bytes[to - 1] as number)
  )
}

function builderOf(keys: readonly string[], next: () => unknown): RecordShape['build'] {
  let built = 0
  let fast: RecordShape['build'] | undefined
  return () => {
    if (fast) return fast()
    if (built++ === BEFORE_COMPILING) fast = compiled(keys, next)
    const record: Record<string, unknown> = {}
    for (const key of keys) record[key] = next()
    return record
  }
}

/** Undefined where code must not be made of strings. */
function compiled(keys: readonly string[], next: () => unknown): RecordShape['build'] | undefined {
  const properties = keys.map((key) => `${JSON.stringify(key)}:next()`).join()
  try {
    return new Function('next', `return () => ({${properties}})`)(next) as RecordShape['build']
  } catch {
    return undefined
  }
}
