import { createRecordShapes, type RecordShape } from './record-shapes.ts'

/** Builds the value of a kind, given its payload. */
export type Revive = (kind: unknown, payload: unknown) => unknown

/** What {@link createUnpack} returns for bytes that it leaves to the library. */
export const NOT_READ: unique symbol = Symbol('not read')

/** Thrown at the first byte that is not among those read here. */
const LEFT = new Error('Larder: left to the library')

const RECORD = 0x72
const FIRST_ID = 0x40
/** Keys of one record that are read here. */
const MOST_KEYS = 1_000
const NO_BYTES = Buffer.alloc(0)

/**
 * Reads the MessagePack that this codec writes for nearly all results. The library would make anew, for each entry, what builds
 * its records, and a second walk would have to replace what stands for dates and decimals.
 * @returns a function that returns {@link NOT_READ} for all else. It is not reentrant.
 */
export function createUnpack(revive: Revive): (bytes: Buffer) => unknown {
  const reader = new Reader(revive)
  return (bytes) => {
    try {
      return reader.read(bytes)
    } catch (error) {
      if (error === LEFT) return NOT_READ
      throw error
    } finally {
      reader.bytes = NO_BYTES
    }
  }
}

class Reader {
  bytes: Buffer = NO_BYTES
  private at = 0
  private end = 0
  /** By their number in these bytes. */
  private defined: (RecordShape | undefined)[] = []
  private readonly revive: Revive
  private readonly shapes = createRecordShapes(() => this.next())

  constructor(revive: Revive) {
    this.revive = revive
  }

  read(bytes: Buffer): unknown {
    this.bytes = bytes
    this.at = 0
    this.end = bytes.length
    if (this.defined.length) this.defined = []
    const value = this.next()
    return this.at === this.end ? value : NOT_READ
  }

  private next(): unknown {
    const token = this.bytes[this.at++] as number
    if (token < FIRST_ID) return token
    if (token < 0x80) return this.record(token - FIRST_ID)
    if (token < 0x90) return this.standIn(token)
    if (token < 0xa0) return this.list(token - 0x90)
    if (token < 0xc0) return this.text(token - 0xa0)
    if (token >= 0xe0) return token - 0x100
    return this.longer(token)
  }

  private longer(token: number): unknown {
    switch (token) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xcb:
        return this.bytes.readDoubleBE(this.skip(8))
      case 0xcc:
        return this.unsigned(1)
      case 0xcd:
        return this.unsigned(2)
      case 0xce:
        return this.unsigned(4)
      case 0xd0:
        return this.bytes.readInt8(this.skip(1))
      case 0xd1:
        return this.bytes.readInt16BE(this.skip(2))
      case 0xd2:
        return this.bytes.readInt32BE(this.skip(4))
      case 0xd3:
        return this.bytes.readBigInt64BE(this.skip(8))
      case 0xd4:
        return this.definition()
      default:
        return this.longest(token)
    }
  }

  private longest(token: number): unknown {
    if (token === 0xd9) return this.text(this.unsigned(1))
    if (token === 0xda) return this.text(this.unsigned(2))
    if (token === 0xdb) return this.text(this.unsigned(4))
    if (token === 0xdc) return this.list(this.unsigned(2))
    if (token === 0xdd) return this.list(this.unsigned(4))
    throw LEFT
  }

  /** Moves on. @returns where these bytes begin. */
  private skip(size: number): number {
    const from = this.at
    this.at += size
    if (this.at > this.end) throw LEFT
    return from
  }

  private unsigned(size: number): number {
    const from = this.skip(size)
    let value = 0
    for (let at = from; at < this.at; at++) value = value * 256 + (this.bytes[at] as number)
    return value
  }

  private text(length: number): string {
    const from = this.skip(length)
    return this.bytes.toString('utf8', from, this.at)
  }

  private list(length: number): unknown[] {
    if (length > this.end - this.at) throw LEFT
    const items: unknown[] = new Array(length)
    for (let index = 0; index < length; index++) items[index] = this.next()
    return items
  }

  private standIn(token: number): unknown {
    if (token !== 0x81) throw LEFT
    const kind = this.next()
    // What follows may be the place of bytes, and not a value.
    if (this.bytes[this.at] === 0x81) throw LEFT
    return this.revive(kind, this.next())
  }

  private record(id: number): unknown {
    const shape = this.defined[id]
    if (!shape) throw LEFT
    return shape.build()
  }

  /** A record that is the first of its kind in these bytes: its keys come before its values. */
  private definition(): unknown {
    if (this.bytes[this.at++] !== RECORD) throw LEFT
    const id = (this.bytes[this.at++] as number) - FIRST_ID
    if (!(id >= 0 && id < FIRST_ID)) throw LEFT
    const from = this.at
    const count = this.keyCount()
    const first = this.at
    for (let index = 0; index < count; index++) this.skip(this.keyLength())
    const shape = this.shapes.at(this.bytes, from, this.at, () => {
      this.at = first
      return Array.from({ length: count }, () => this.text(this.keyLength()))
    })
    if (!shape) throw LEFT
    this.defined[id] = shape
    return shape.build()
  }

  private keyCount(): number {
    const token = this.bytes[this.at++] as number
    if (token >= 0x90 && token < 0xa0) return token - 0x90
    const count = token === 0xdc ? this.unsigned(2) : MOST_KEYS + 1
    if (count > MOST_KEYS) throw LEFT
    return count
  }

  private keyLength(): number {
    const token = this.bytes[this.at++] as number
    if (token >= 0xa0 && token < 0xc0) return token - 0xa0
    if (token === 0xd9) return this.unsigned(1)
    throw LEFT
  }
}
