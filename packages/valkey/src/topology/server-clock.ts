import type { Reply } from '../connection/send.ts'

/** How far a server's clock is ahead of `performance.now()` in this process, in milliseconds: somewhere between the two. */
export interface ClockOffset {
  readonly least: number
  readonly most: number
}

/** How much the two clocks may drift apart between two checks, in milliseconds. */
const DRIFT = 1

/**
 * The offset that a reply to TIME shows.
 * @param sent, received when it was asked for and when it was here, by `performance.now()`.
 * @throws the server's error.
 */
export function offsetIn(time: Reply, sent: number, received: number): ClockOffset {
  if (time instanceof Error) throw time
  const [seconds, micros] = Array.isArray(time) ? time.map(Number) : []
  const now = Number(seconds) * 1_000 + Number(micros) / 1_000
  if (!Number.isFinite(now)) throw new Error('does not tell its time')
  return { least: now - received, most: now - sent }
}

/** The newer offset, narrowed by the one before. Where they exclude each other, one of the clocks was set: the newer one counts. */
export function narrowed(before: ClockOffset | undefined, newer: ClockOffset): ClockOffset {
  if (!before) return newer
  const least = Math.max(before.least - DRIFT, newer.least)
  const most = Math.min(before.most + DRIFT, newer.most)
  return least <= most ? { least, most } : newer
}
