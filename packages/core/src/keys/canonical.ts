import { CacheError } from '../base/errors.ts'
import { describeInstance, describePath } from './describe.ts'
import { hostText, isAbsent } from './host-values.ts'
import type { ValueTypes } from './value-types.ts'

/** Deeper than any query; reached only by cycles and by values nobody meant as arguments. */
const MAX_DEPTH = 200

const BARE_KEY = /^[A-Za-z_$][\w$]*$/

/**
 * One text per value: two values have the same text exactly when they are the same argument. The order of an
 * object's keys, of a Map's entries and of a Set's members does not count; types do (`5`, `5n`, `'5'`, a Date and
 * its ISO string all differ). A property that is `undefined` (or the host's "skip") is the same as none, as in a
 * query; inside arrays and at the top `undefined` counts. Buffer and Uint8Array of the same bytes are one
 * argument, and so are Decimals of two classes with the same value.
 *
 * The text holds no lone surrogates, so that hashing its UTF-8 loses nothing.
 * @throws CacheError `LARDER_UNENCODABLE`, naming the path, for functions, symbols, cycles and unknown classes.
 */
export function canonical(value: unknown, types?: ValueTypes): string {
  return text(value, types, [], 0)
}

// `trail[depth]` is the key under which the value at that depth was found: overwritten as the walk goes on, so a
// path costs nothing until an error wants it.
type Trail = (string | number)[]

function text(value: unknown, types: ValueTypes | undefined, trail: Trail, depth: number): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return value === 0 && Object.is(value, -0) ? '-0' : `${value}`
    case 'boolean':
      return value ? 'true' : 'false'
    case 'undefined':
      return 'undefined'
    case 'bigint':
      return `${value}n`
    case 'object':
      return value === null ? 'null' : objectText(value, types, trail, depth)
    default:
      return refuse(`a ${typeof value}`, trail, depth)
  }
}

function objectText(value: object, types: ValueTypes | undefined, trail: Trail, depth: number): string {
  if (depth >= MAX_DEPTH) return refuse(`a cycle, or nested deeper than ${MAX_DEPTH}`, trail.slice(0, 8), 8)
  if (Array.isArray(value)) return listText(value, types, trail, depth)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return recordText(value, types, trail, depth)
  if (types?.decimal?.is(value)) return `d${JSON.stringify(types.decimal.text(value))}`
  if (value instanceof Date) return `D${value.getTime()}`
  if (ArrayBuffer.isView(value)) return bytesText(value)
  if (value instanceof ArrayBuffer) return `A(${Buffer.from(value).toString('base64')})`
  if (value instanceof Map) return `M${mapText(value, types, trail, depth)}`
  if (value instanceof Set) return `S(${sorted([...value], types, trail, depth)})`
  if (value instanceof URL) return `U${JSON.stringify(value.href)}`
  return hostText(value) ?? refuse(describeInstance(value), trail, depth)
}

function listText(
  list: readonly unknown[],
  types: ValueTypes | undefined,
  trail: Trail,
  depth: number,
): string {
  let out = '['
  for (let index = 0; index < list.length; index++) {
    const item = list[index]
    trail[depth] = index
    out += item === undefined && !(index in list) ? 'hole,' : `${text(item, types, trail, depth + 1)},`
  }
  return `${out}]`
}

function recordText(value: object, types: ValueTypes | undefined, trail: Trail, depth: number): string {
  if (Object.getOwnPropertySymbols(value).length > 0)
    return refuse('an object with symbol keys', trail, depth)
  const record = value as Record<string, unknown>
  const keys = Object.keys(record)
  sortFew(keys)
  let out = '{'
  for (const key of keys) {
    const item = record[key]
    if (item === undefined) continue
    if (typeof item === 'object' && item !== null && isAbsent(item)) continue
    trail[depth] = key
    out += `${keyText(key)}:${text(item, types, trail, depth + 1)},`
  }
  return `${out}}`
}

/** In place. Arguments have few properties, mostly in order already: less than a call of `sort` costs. */
function sortFew(keys: string[]): void {
  if (keys.length > 16) {
    keys.sort()
    return
  }
  for (let at = 1; at < keys.length; at++) {
    const key = keys[at] as string
    let place = at
    for (; place > 0 && (keys[place - 1] as string) > key; place--) keys[place] = keys[place - 1] as string
    keys[place] = key
  }
}

// The same few names in every query; whatever an application makes up beyond that is not remembered. At module level,
// because a name has the same text in every cache, and handing the map down would slow down every key.
const keyTexts = new Map<string, string>()
const MOST_KEY_TEXTS = 2_000

function keyText(key: string): string {
  const remembered = keyTexts.get(key)
  if (remembered !== undefined) return remembered
  const text = BARE_KEY.test(key) ? key : JSON.stringify(key)
  if (keyTexts.size < MOST_KEY_TEXTS && key.length <= 64) keyTexts.set(key, text)
  return text
}

function mapText(
  map: Map<unknown, unknown>,
  types: ValueTypes | undefined,
  trail: Trail,
  depth: number,
): string {
  return `(${sorted([...map], types, trail, depth)})`
}

function sorted(items: unknown[], types: ValueTypes | undefined, trail: Trail, depth: number): string {
  const texts = items.map((item, index) => {
    trail[depth] = index
    return text(item, types, trail, depth + 1)
  })
  return texts.sort().join()
}

function bytesText(view: ArrayBufferView): string {
  const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('base64')
  return view instanceof Uint8Array ? `B(${bytes})` : `T${JSON.stringify(view.constructor.name)}(${bytes})`
}

function refuse(what: string, trail: Trail, depth: number): never {
  throw new CacheError(
    'LARDER_UNENCODABLE',
    `the argument at ${describePath(trail.slice(0, depth))} is ${what}: it cannot be part of a cache key`,
  )
}
