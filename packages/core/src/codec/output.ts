/** Bytes of one piece of memory. Results are written one after the other, and what was written is never overwritten. */
const PIECE = 8_192
/** The longest head of a value, and a number. */
const HEAD = 9
/** Longer texts are written by the native method: its call costs more than a short loop. */
const SHORT = 24

/** Grows as MessagePack is written to it. */
export class Output {
  private bytes = Buffer.allocUnsafeSlow(PIECE)
  private from = 0
  private at = 0

  begin(): void {
    // After a value that was left, what it wrote is free again.
    this.at = this.from
  }

  /** What was written since {@link begin}: a view into memory that other results share. */
  taken(): Uint8Array {
    const taken = this.bytes.subarray(this.from, this.at)
    this.from = this.at
    return taken
  }

  byte(value: number): void {
    if (this.at >= this.bytes.length) this.grow(1)
    this.bytes[this.at++] = value
  }

  number(value: number): void {
    if (this.at + HEAD > this.bytes.length) this.grow(HEAD)
    if (value >>> 0 === value) this.unsigned(value)
    else if (value >> 0 === value) this.negative(value)
    else {
      this.bytes[this.at] = 0xcb
      this.at = this.bytes.writeDoubleBE(value, this.at + 1)
    }
  }

  private negative(value: number): void {
    const { bytes } = this
    if (value >= -0x20) bytes[this.at++] = 0x100 + value
    else if (value >= -0x80) {
      bytes[this.at++] = 0xd0
      bytes[this.at++] = 0x100 + value
    } else if (value >= -0x8000) {
      bytes[this.at] = 0xd1
      this.at = bytes.writeInt16BE(value, this.at + 1)
    } else {
      bytes[this.at] = 0xd2
      this.at = bytes.writeInt32BE(value, this.at + 1)
    }
  }

  private unsigned(value: number): void {
    const { bytes } = this
    if (value < 0x40) bytes[this.at++] = value
    else if (value < 0x100) {
      bytes[this.at++] = 0xcc
      bytes[this.at++] = value
    } else if (value < 0x10000) {
      bytes[this.at++] = 0xcd
      bytes[this.at++] = value >> 8
      bytes[this.at++] = value
    } else {
      bytes[this.at] = 0xce
      this.at = bytes.writeUInt32BE(value, this.at + 1)
    }
  }

  bigint(value: bigint): void {
    if (this.at + HEAD > this.bytes.length) this.grow(HEAD)
    this.bytes[this.at] = 0xd3
    this.at = this.bytes.writeBigInt64BE(value, this.at + 1)
  }

  listHead(length: number): void {
    if (length < 0x10) this.byte(0x90 + length)
    else this.head(0xdc, 0xdd, length)
  }

  /** @returns false for a text with half a surrogate pair, which has no UTF-8. */
  text(text: string): boolean {
    const { length } = text
    if (this.at + HEAD + length > this.bytes.length) this.grow(HEAD + length)
    return (length <= SHORT && this.ascii(text)) || this.utf8(text)
  }

  /** Writes a short text. @returns false if it has letters beyond ASCII: nothing is written then. */
  private ascii(text: string): boolean {
    const { bytes } = this
    const from = this.at + 1
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index)
      if (code > 0x7f) return false
      bytes[from + index] = code
    }
    bytes[this.at] = 0xa0 + text.length
    this.at = from + text.length
    return true
  }

  private utf8(text: string): boolean {
    if (!text.isWellFormed()) return false
    const length = Buffer.byteLength(text)
    if (length < 0x20) this.byte(0xa0 + length)
    else if (length < 0x100) {
      this.byte(0xd9)
      this.byte(length)
    } else this.head(0xda, 0xdb, length)
    if (this.at + length > this.bytes.length) this.grow(length)
    this.at += this.bytes.write(text, this.at)
    return true
  }

  private head(short: number, long: number, length: number): void {
    if (this.at + HEAD > this.bytes.length) this.grow(HEAD)
    const { bytes } = this
    if (length < 0x10000) {
      bytes[this.at] = short
      this.at = bytes.writeUInt16BE(length, this.at + 1)
    } else {
      bytes[this.at] = long
      this.at = bytes.writeUInt32BE(length, this.at + 1)
    }
  }

  /** Makes room for so many bytes more. */
  private grow(more: number): void {
    const written = this.at - this.from
    const bytes = Buffer.allocUnsafeSlow(Math.max(PIECE, 2 * (written + more)))
    bytes.set(this.bytes.subarray(this.from, this.at))
    this.bytes = bytes
    this.from = 0
    this.at = written
  }
}
