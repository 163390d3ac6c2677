import type { ValueTypes } from './codec.ts'
import { revive } from './kinds.ts'
import { type RecordShape, RecordShapes, type ValueReader } from './record-shapes.ts'

// The part of MessagePack that the codec writes: no floats of 32 bits, no bytes, no extension but the records of msgpackr,
// and no map but a stand-in.

/** The extension by which msgpackr defines the keys of a record: this type, a number for the record, and the keys. */
const RECORD_TYPE = 0x72
/** Longer texts (bytes) are decoded by themselves. */
const SHORT = 128
/**
 * Bytes that are decoded at once, as a text out of which short texts are cut. V8 keeps that text in memory as long as one of
 * them. So that it contains little else, the first window is small, and so is the one after a long text. Each other window is
 * twice as large as the one before.
 */
const WINDOW = { first: 256, most: 4_096 } as const
const NOTHING = Buffer.alloc(0)

/**
 * Reads what the MessagePack codec writes. msgpackr reads the keys of the records anew in each entry, which takes most of its
 * time; this remembers them. A class, whose state is that of the one call of {@link decode} that runs.
 */
export class MessagePackReader implements ValueReader {
  private readonly types: ValueTypes
  private readonly shapes = new RecordShapes()
  private bytes: Buffer = NOTHING
  private at = 0
  /** Where the raw bytes before the MessagePack part begin and end. */
  private rawFrom = 0
  private rawTo = 0
  /** By their number in this entry. */
  private records: RecordShape[] = []
  private window = ''
  private windowFrom = 0
  private windowTo = 0
  /** Of the next one, in bytes. */
  private windowSize: number = WINDOW.first

  constructor(types: ValueTypes) {
    this.types = types
  }

  /**
   * @param from where the MessagePack part begins, after `rawFrom` and the raw bytes.
   * @throws Error for foreign or truncated bytes.
   */
  decode(bytes: Buffer, from: number, rawFrom: number): unknown {
    this.bytes = bytes
    this.at = from
    this.rawFrom = rawFrom
    this.rawTo = from
    this.windowTo = 0
    this.windowSize = WINDOW.first
    if (this.records.length) this.records = []
    try {
      const value = this.value()
      if (this.at !== bytes.length) throw new Error('Larder: an entry of another length than its value')
      return value
    } finally {
      this.bytes = NOTHING
      this.window = ''
    }
  }

  /** Reads the next value. */
  value(): unknown {
    const token = this.bytes[this.at++] as number
    if (token < 0x40) return token
    if (token < 0x80) return this.record(this.records[token - 0x40])
    if (token >= 0xe0) return token - 0x100
    if (token >= 0xa0 && token < 0xc0) return this.text(token - 0xa0)
    if (token >= 0x90 && token < 0xa0) return this.list(token - 0x90)
    switch (token) {
      case 0x81:
        return this.standIn()
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xcb:
        return this.bytes.readDoubleBE(this.skip(8))
      case 0xcc:
        return this.bytes.readUInt8(this.skip(1))
      case 0xcd:
        return this.bytes.readUInt16BE(this.skip(2))
      case 0xce:
        return this.bytes.readUInt32BE(this.skip(4))
      case 0xcf:
        return this.bytes.readBigUInt64BE(this.skip(8))
      case 0xd0:
        return this.bytes.readInt8(this.skip(1))
      case 0xd1:
        return this.bytes.readInt16BE(this.skip(2))
      case 0xd2:
        return this.bytes.readInt32BE(this.skip(4))
      case 0xd3:
        return this.bytes.readBigInt64BE(this.skip(8))
      case 0xd4:
        return this.recordAndKeys()
      case 0xd9:
        return this.text(this.bytes.readUInt8(this.skip(1)))
      case 0xda:
        return this.text(this.bytes.readUInt16BE(this.skip(2)))
      case 0xdb:
        return this.text(this.bytes.readUInt32BE(this.skip(4)))
      case 0xdc:
        return this.list(this.bytes.readUInt16BE(this.skip(2)))
      case 0xdd:
        return this.list(this.bytes.readUInt32BE(this.skip(4)))
      default:
        throw new Error('Larder: a truncated entry, or a value that this codec did not write')
    }
  }

  /** @returns where the next bytes begin. */
  private skip(count: number): number {
    const from = this.at
    this.at = from + count
    return from
  }

  private list(length: number): unknown[] {
    // Each item takes a byte at least. Else a wrong length could ask for all memory.
    if (length > this.bytes.length - this.at) throw new Error('Larder: a truncated list')
    const list = new Array<unknown>(length)
    for (let index = 0; index < length; index++) list[index] = this.value()
    return list
  }

  private text(length: number): string {
    const { bytes } = this
    const from = this.skip(length)
    const to = from + length
    if (to > bytes.length) throw new Error('Larder: a truncated text')
    if (length > SHORT) {
      this.windowSize = WINDOW.first
      return bytes.toString('utf8', from, to)
    }
    // Without a branch for each byte, this takes half as long as with one.
    let bits = 0
    for (let index = from; index < to; index++) bits |= bytes[index] as number
    if (bits > 0x7f) return bytes.toString('utf8', from, to)
    if (to > this.windowTo) {
      this.windowFrom = from
      this.windowTo = from + this.windowSize
      this.windowSize = Math.min(2 * this.windowSize, WINDOW.most)
      this.window = bytes.toString('latin1', from, this.windowTo)
    }
    return this.window.slice(from - this.windowFrom, to - this.windowFrom)
  }

  private recordAndKeys(): Record<string, unknown> {
    const { bytes, shapes } = this
    if (bytes[this.skip(1)] !== RECORD_TYPE)
      throw new Error('Larder: an extension that this codec did not write')
    const number = (bytes[this.skip(1)] as number) - 0x40
    const from = this.at
    let shape = shapes.find(bytes, from)
    if (shape) this.at = from + shape.bytes.length
    else {
      const keys = this.value()
      shape = shapes.add(bytes, from, this.at, keys)
    }
    this.records[number] = shape
    return shape.read(this)
  }

  private record(shape: RecordShape | undefined): Record<string, unknown> {
    if (!shape) throw new Error('Larder: a record without keys')
    return shape.read(this)
  }

  /** A map of one number: what is special, and what to make it of. */
  private standIn(): unknown {
    const kind = this.value()
    if (this.bytes[this.at] !== 0x81) return revive(kind, this.value(), this.types)
    this.at++
    const [at, length] = [this.value(), this.value()]
    const { rawFrom, rawTo } = this
    if (
      typeof at !== 'number' ||
      typeof length !== 'number' ||
      at < 0 ||
      length < 0 ||
      at + length > rawTo - rawFrom
    )
      throw new Error('Larder: bytes outside their entry')
    return revive(kind, this.bytes.subarray(rawFrom + at, rawFrom + at + length), this.types)
  }
}
