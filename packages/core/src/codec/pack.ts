import type { ValueTypes } from './codec.ts'
import { KIND } from './kinds.ts'
import { Output } from './output.ts'

/** Thrown at the first value that is not among those written here. */
const LEFT = new Error('Larder: left to the library')

const MOST_DEPTH = 100
const RECORD = 0x72
const FIRST_ID = 0x40
/** The library numbers further ones with two bytes. */
const MOST_SHAPES = 0x20
const MOST_KEYS = 1_000
const STAND_IN = 0x81

/**
 * Writes the MessagePack of this codec for nearly all results: records and lists that the host has built, texts, numbers,
 * dates and decimals. It walks the result once, where the library needs a copy in which other objects stand for dates.
 * @param safeKey false: the library would lose the key.
 * @returns a function that returns undefined for all else.
 */
export function createPack(
  types: ValueTypes,
  safeKey: (key: string) => boolean,
): (value: unknown, dataDepth: number) => Uint8Array | undefined {
  const writer = new Writer(types, safeKey)
  return (value, dataDepth) => {
    try {
      return writer.write(value, dataDepth)
    } catch (error) {
      if (error === LEFT) return undefined
      throw error
    }
  }
}

class Writer {
  private readonly types: ValueTypes
  private readonly safeKey: (key: string) => boolean
  private readonly out = new Output()
  private dataDepth = 0
  /** Keys of the records in this result, in the order of their numbers. */
  private shapes: (readonly string[])[] = []

  constructor(types: ValueTypes, safeKey: (key: string) => boolean) {
    this.types = types
    this.safeKey = safeKey
  }

  write(value: unknown, dataDepth: number): Uint8Array {
    this.dataDepth = Math.min(dataDepth, MOST_DEPTH)
    if (this.shapes.length) this.shapes = []
    this.out.begin()
    this.value(value, 0)
    return this.out.taken()
  }

  private value(value: unknown, depth: number): void {
    const { out } = this
    switch (typeof value) {
      case 'string':
        if (!out.text(value)) throw LEFT
        return
      case 'number':
        if (value === 0 && Object.is(value, -0)) this.standIn(KIND.negativeZero)
        else out.number(value)
        return
      case 'boolean':
        out.byte(value ? 0xc3 : 0xc2)
        return
      case 'undefined':
        this.standIn(KIND.undefined)
        return
      case 'bigint':
        if (BigInt.asIntN(64, value) !== value) throw LEFT
        out.bigint(value)
        return
      case 'object':
        if (value === null) out.byte(0xc0)
        else this.object(value, depth)
        return
      default:
        throw LEFT
    }
  }

  /** Of a value that needs no payload. */
  private standIn(kind: number): void {
    this.out.byte(STAND_IN)
    this.out.byte(kind)
    this.out.byte(0xc0)
  }

  private object(value: object, depth: number): void {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype === Object.prototype) this.record(value as Readonly<Record<string, unknown>>, depth)
    else if (prototype === Array.prototype) this.list(value as readonly unknown[], depth)
    else if (this.types.decimal?.is(value)) this.decimal(this.types.decimal.text(value))
    else if (prototype === Date.prototype) this.date(value as Date)
    else throw LEFT
  }

  private decimal(text: string): void {
    this.out.byte(STAND_IN)
    this.out.byte(KIND.decimal)
    if (!this.out.text(text)) throw LEFT
  }

  private date(date: Date): void {
    if (Reflect.ownKeys(date).length > 0) throw LEFT
    this.out.byte(STAND_IN)
    this.out.byte(KIND.date)
    this.out.number(date.getTime())
  }

  private list(list: readonly unknown[], depth: number): void {
    if (depth >= this.dataDepth) throw LEFT
    this.out.listHead(list.length)
    for (let index = 0; index < list.length; index++) {
      const item = list[index]
      if (item === undefined && !(index in list)) throw LEFT
      this.value(item, depth + 1)
    }
  }

  private record(record: Readonly<Record<string, unknown>>, depth: number): void {
    if (depth >= this.dataDepth) throw LEFT
    const keys = Object.keys(record)
    const id = this.shapes.findLastIndex((shape) => areSame(shape, keys))
    if (id < 0) this.define(keys)
    else this.out.byte(FIRST_ID + id)
    for (let at = 0; at < keys.length; at++) this.value(record[keys[at] as string], depth + 1)
  }

  private define(keys: readonly string[]): void {
    const { out, shapes } = this
    const id = shapes.push(keys) - 1
    if (id >= MOST_SHAPES || keys.length > MOST_KEYS) throw LEFT
    out.byte(0xd4)
    out.byte(RECORD)
    out.byte(FIRST_ID + id)
    out.listHead(keys.length)
    for (const key of keys) if (!this.safeKey(key) || !out.text(key)) throw LEFT
  }
}

function areSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false
  return true
}
