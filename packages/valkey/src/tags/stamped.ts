import type { StoredEntry } from '@larder/core/store'
import type { ClockOffset } from '../topology/server-clock.ts'

// The value of an entry: "L", 1, when it expires in the server's milliseconds (48 bits), then the bytes of the cache.
const MARK = 0x4c01
const EXPIRY_AT = 2
const EXPIRY_BYTES = 6
const BYTES_AT = EXPIRY_AT + EXPIRY_BYTES
/** In the year 10889. */
const LATEST_EXPIRY = 2 ** (8 * EXPIRY_BYTES) - 1

/** When an entry expires that is stored now, in the server's milliseconds: what is not known of its clock shortens its life. */
export function expiryOf(lifetime: number, { least }: ClockOffset, now: number): number {
  return Math.min(LATEST_EXPIRY, Math.max(0, Math.floor(now + least + lifetime)))
}

/** How long an entry with this expiry lives from now on, in milliseconds. Again, what is not known of the clock shortens it. */
export function remainingOf(expiry: number, { most }: ClockOffset, now: number): number {
  return expiry - (now + most)
}

/** The value to store for an entry. A hit reads the expiry with it, and need not ask the server for a lifetime. */
export function stamped(bytes: Uint8Array, lifetime: number, offset: ClockOffset): Buffer {
  const value = Buffer.allocUnsafe(BYTES_AT + bytes.length)
  value.writeUInt16BE(MARK, 0)
  value.writeUIntBE(expiryOf(lifetime, offset, performance.now()), EXPIRY_AT, EXPIRY_BYTES)
  value.set(bytes, BYTES_AT)
  return value
}

/**
 * The entry in a value. What this version did not store counts as expired.
 * @param now when the value arrived, by `performance.now()`.
 */
export function storedEntry(value: Buffer, offset: ClockOffset, now: number): StoredEntry {
  if (value.length < BYTES_AT || value.readUInt16BE(0) !== MARK) return { bytes: value, remaining: 0 }
  const expiry = value.readUIntBE(EXPIRY_AT, EXPIRY_BYTES)
  return { bytes: value.subarray(BYTES_AT), remaining: remainingOf(expiry, offset, now) }
}
