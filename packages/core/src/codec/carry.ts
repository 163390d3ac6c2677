import { CacheError } from '../base/errors.ts'
import { describeInstance, describePath } from '../keys/describe.ts'
import type { ValueTypes } from './codec.ts'
import { KIND, VIEWS } from './kinds.ts'

/** What one library needs to be told about before it may see a value. */
export interface Dialect {
  /** Stands in for a value of `kind`; may return `original` where the library carries it exactly. */
  escape(kind: number, payload: unknown, original: unknown): unknown
  /** False: an object with this key is escaped. Asked once per key. */
  safeKey(key: string): boolean
  /** Keys already found safe; bounded here. */
  readonly knownKeys: Set<string>
  /** The library writes strings as UTF-8, which has no lone surrogates. */
  readonly utf8: boolean
}

// Well within the stack of both walks and of the libraries, so what was encoded can always be decoded.
const MAX_DEPTH = 500
const MAX_KNOWN_KEYS = 10_000
const LONGEST_CHECKED_LIST = 64

interface Walk {
  readonly dialect: Dialect
  readonly types: ValueTypes
  readonly trail: (string | number)[]
  /** Records and lists above this depth hold data only: see `BoundCodec.encode`. */
  readonly dataDepth: number
}

/**
 * Checks that `value` can be carried exactly and replaces what the library would change by the dialect's stand-in.
 * What needs no stand-in is returned as it is, uncopied; the argument is never changed.
 *
 * NOTE: not told apart: one object met twice from two equal ones, frozen from not frozen, and extra properties of
 * lists longer than 64.
 * @throws CacheError `LARDER_UNENCODABLE`, naming the path.
 */
export function carry(value: unknown, dialect: Dialect, types: ValueTypes, dataDepth = 0): unknown {
  return visit(value, { dialect, types, trail: [], dataDepth }, 0)
}

function visit(value: unknown, walk: Walk, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      if (!walk.dialect.utf8 || value.isWellFormed()) return value
      return walk.dialect.escape(KIND.text, Buffer.from(value, 'utf16le'), value)
    case 'number':
      return value === 0 && Object.is(value, -0) ? walk.dialect.escape(KIND.negativeZero, null, value) : value
    case 'boolean':
      return value
    case 'undefined':
      return walk.dialect.escape(KIND.undefined, null, value)
    case 'bigint':
      return walk.dialect.escape(KIND.bigint, String(value), value)
    case 'object':
      return value === null ? value : visitObject(value, walk, depth)
    default:
      return refuse(`a ${typeof value}`, walk, depth)
  }
}

function visitObject(value: object, walk: Walk, depth: number): unknown {
  if (depth >= MAX_DEPTH) return refuse(`a cycle, or nested deeper than ${MAX_DEPTH}`, walk, 8)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (depth < walk.dataDepth) {
    if (prototype === Object.prototype) return visitDataRecord(value, walk, depth)
    if (prototype === Array.prototype) return visitItems(value as unknown[], walk, depth)
  }
  if (prototype === Object.prototype) return visitRecord(value, KIND.object, walk, depth)
  if (prototype === Array.prototype) return visitList(value as unknown[], walk, depth)
  if (prototype === null) return visitRecord(value, KIND.bare, walk, depth)
  const { dialect, types } = walk
  if (types.decimal?.is(value)) return dialect.escape(KIND.decimal, types.decimal.text(value), value)
  if (ArrayBuffer.isView(value))
    return dialect.escape(viewKind(value, prototype, walk, depth), bytesOf(value), value)
  if (!BUILT_IN.has(prototype)) return refuse(describeInstance(value), walk, depth)
  if (Reflect.ownKeys(value).length > 0)
    return refuse(`${describeInstance(value)} with properties`, walk, depth)
  if (prototype === Date.prototype) return dialect.escape(KIND.date, (value as Date).getTime(), value)
  if (prototype === Map.prototype)
    return dialect.escape(
      KIND.map,
      members([...(value as Map<unknown, unknown>)].flat(1), walk, depth),
      value,
    )
  if (prototype === Set.prototype)
    return dialect.escape(KIND.set, members([...(value as Set<unknown>)], walk, depth), value)
  if ((value as ArrayBuffer).resizable) return refuse('a resizable ArrayBuffer', walk, depth)
  return dialect.escape(KIND.arrayBuffer, new Uint8Array(value as ArrayBuffer), value)
}

const BUILT_IN = new Set<unknown>([Date.prototype, Map.prototype, Set.prototype, ArrayBuffer.prototype])

function visitRecord(value: object, kind: number, walk: Walk, depth: number): unknown {
  const { dialect, trail } = walk
  const keys = Reflect.ownKeys(value)
  let escaped = kind === KIND.bare
  let copy: Record<string, unknown> | undefined
  for (const key of keys) {
    if (typeof key === 'symbol') return refuse('an object with symbol keys', walk, depth)
    trail[depth] = key
    // Asking for the descriptor is what tells an accessor from a value: reading it would run it.
    const property = Object.getOwnPropertyDescriptor(value, key)
    if (!property || property.get || property.set) return refuse('an accessor', walk, depth + 1)
    if (!property.enumerable) return refuse('a hidden property', walk, depth + 1)
    if (!dialect.knownKeys.has(key)) escaped = !learn(key, dialect) || escaped
    if (escaped) break
    const item: unknown = property.value
    const carried = visit(item, walk, depth + 1)
    if (carried === item) continue
    copy ??= { ...value } as Record<string, unknown>
    copy[key] = carried
  }
  if (!escaped) return copy ?? value
  return dialect.escape(kind, members(pairs(value, walk, depth), walk, depth), value)
}

/** {@link visitRecord} of a record whose properties are all data. Asking for descriptors would take longer than encoding. */
function visitDataRecord(value: object, walk: Walk, depth: number): unknown {
  const { dialect, trail } = walk
  const record = value as Readonly<Record<string, unknown>>
  let copy: Record<string, unknown> | undefined
  for (const key of Object.keys(value)) {
    trail[depth] = key
    if (!dialect.knownKeys.has(key) && !learn(key, dialect))
      return dialect.escape(KIND.object, members(pairs(value, walk, depth), walk, depth), value)
    const item = record[key]
    const carried = visit(item, walk, depth + 1)
    if (carried === item) continue
    copy ??= { ...record }
    copy[key] = carried
  }
  return copy ?? value
}

function learn(key: string, dialect: Dialect): boolean {
  if (!dialect.safeKey(key)) return false
  if (dialect.knownKeys.size < MAX_KNOWN_KEYS) dialect.knownKeys.add(key)
  return true
}

function pairs(value: object, walk: Walk, depth: number): unknown[] {
  const flat: unknown[] = []
  for (const key of Reflect.ownKeys(value)) {
    const property = Object.getOwnPropertyDescriptor(value, key)
    if (typeof key === 'symbol' || !property?.enumerable || property.get || property.set)
      return refuse('an object with accessors, hidden properties or symbol keys', walk, depth)
    flat.push(key, property.value)
  }
  return flat
}

function visitList(list: unknown[], walk: Walk, depth: number): unknown {
  if (list.length <= LONGEST_CHECKED_LIST && Reflect.ownKeys(list).length !== list.length + 1)
    return refuse('a list with holes or properties', walk, depth)
  return visitItems(list, walk, depth)
}

function visitItems(list: unknown[], walk: Walk, depth: number): unknown {
  let copy: unknown[] | undefined
  for (let index = 0; index < list.length; index++) {
    const item = list[index]
    walk.trail[depth] = index
    if (item === undefined && !(index in list)) return refuse('a hole in a list', walk, depth + 1)
    const carried = visit(item, walk, depth + 1)
    if (carried === item) continue
    copy ??= list.slice()
    copy[index] = carried
  }
  return copy ?? list
}

function members(list: unknown[], walk: Walk, depth: number): unknown[] {
  return list.map((item, index) => {
    walk.trail[depth] = index
    return visit(item, walk, depth + 1)
  })
}

function viewKind(view: ArrayBufferView, prototype: unknown, walk: Walk, depth: number): number {
  if (!(view.buffer instanceof ArrayBuffer)) return refuse('shared memory', walk, depth)
  if (prototype === Buffer.prototype) return KIND.buffer
  if (prototype === Uint8Array.prototype) return KIND.bytes
  const index = VIEWS.findIndex((View) => View.prototype === prototype)
  return index < 0 ? refuse(describeInstance(view), walk, depth) : KIND.views + index
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
}

function refuse(what: string, walk: Walk, depth: number): never {
  throw new CacheError(
    'LARDER_UNENCODABLE',
    `the result holds ${what} at ${describePath(walk.trail.slice(0, depth))}: it cannot be cached exactly. Give plain data, Date, bigint, Map, Set or bytes`,
  )
}
