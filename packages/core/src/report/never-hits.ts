import { createBounded } from '../base/bounded-map.ts'
import type { Events } from './events.ts'

/** What of a read its shape depends on: fields of its plan. */
export interface ShapedRead {
  readonly operation: string
  readonly model: string
  readonly as?: string | undefined
  readonly query: unknown
}

/**
 * Warns once of each shape of reads (a read without its values) whose results are stored over and over and never used:
 * `where: { endsAt: { lte: new Date() } }` makes a new key in every call.
 */
export interface NeverHits {
  /** A load was stored under a key that was not there. */
  stored(key: string, read: ShapedRead): void
  /** Shapes that are watched. While there are none, nobody needs to call `used`. */
  readonly watching: number
  /** A stored result was used, or a load was shared. */
  used(key: string): void
}

interface Shape {
  loads: number
  uses: number
  /** Nothing is counted any more: it has been warned of, or is of use. */
  settled: boolean
}

/** Loads after which a shape is evaluated: early where an argument is a moment, which is the usual cause. */
const LOADS = 1_000
const LOADS_OF_MOMENTS = 200
/** Fewer uses than one in this many loads are chance: two callers in the same millisecond. */
const CHANCE = 100
/** Shapes and keys that are watched at once. */
const MOST_SHAPES = 500
const MOST_KEYS = 1_000
/** Values of one query that are looked at, and characters of a shape. */
const MOST_VALUES = 200
const LONGEST = 2_000

export function createNeverHits(events: Pick<Events, 'emit'>): NeverHits {
  const shapes = createBounded<Shape>(MOST_SHAPES)
  const keys = createBounded<Shape>(MOST_KEYS)
  const settle = (shape: Shape): void => {
    shape.settled = true
    watch.watching--
  }
  const evaluate = (shape: Shape, read: ShapedRead, moments: readonly string[]): void => {
    if (shape.loads < (moments.length ? LOADS_OF_MOMENTS : LOADS)) return
    settle(shape)
    if (shape.uses * CHANCE >= shape.loads) return
    events.emit('warning', { code: 'never-hits', message: messageOf(read, shape.loads, moments) })
  }
  const watch = {
    watching: 0,
    stored(key: string, read: ShapedRead): void {
      const { text, moments } = shapeOf(read.query)
      const name = `${read.model} ${read.as ?? read.operation} ${text}`.slice(0, LONGEST)
      let shape = shapes.get(name)
      if (!shape) {
        shape = { loads: 0, uses: 0, settled: false }
        shapes.set(name, shape)
        watch.watching++
      }
      if (shape.settled) return
      // The same key again was invalidated, evicted or too short-lived, which is another matter.
      if (keys.get(key) === shape) return
      keys.set(key, shape)
      shape.loads++
      evaluate(shape, read, moments)
    },
    used(key: string): void {
      const shape = keys.recent.get(key) ?? keys.get(key)
      if (!shape || shape.settled) return
      shape.uses++
      if (shape.uses * CHANCE >= LOADS) settle(shape)
    },
  }
  return watch
}

function messageOf({ operation }: ShapedRead, loads: number, moments: readonly string[]): string {
  const cause = moments.length
    ? `${moments.join(', ')} is a moment that differs in every call. Round it, to the minute for example`
    : 'its arguments differ in every call. Leave out what the result does not need, or round it'
  return `${operation} was stored ${loads} times and its stored results were never used: ${cause}, or do not cache this read`
}

/** An ISO timestamp, as drivers send moments. */
const MOMENT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/
/** The path of a value that is the query itself, and of the arguments of an operation. */
const ROOT = /^\.?(?:args\.)?/

/** A query without its values, and the paths of those that are moments. */
function shapeOf(query: unknown): { readonly text: string; readonly moments: readonly string[] } {
  const moments: string[] = []
  let remaining = MOST_VALUES
  const walk = (value: unknown, path: string): string => {
    if (remaining-- <= 0) return ''
    if (value instanceof Date || (typeof value === 'string' && MOMENT.test(value))) {
      moments.push(path.replace(ROOT, '') || 'its argument')
      return 'm'
    }
    if (Array.isArray(value)) {
      const items = value.slice(0, Math.max(0, remaining)).map((item, at) => walk(item, `${path}[${at}]`))
      return `[${[...new Set(items)]}]`
    }
    if (typeof value !== 'object' || value === null)
      return value === undefined ? 'u' : (typeof value).charAt(0)
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) return 'o'
    return `{${Object.entries(value).map(([name, one]) => `${name}:${walk(one, `${path}.${name}`)}`)}}`
  }
  return { text: walk(query, ''), moments }
}
