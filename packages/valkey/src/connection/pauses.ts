/** The first pause, and by how much each following one is longer (ms). */
const STEP = 50
const LONGEST = 1_000
/** After a connection that served for this long, the next pause is short again (ms). */
const SERVED_FOR = 1_000

/** How long to wait before the next attempt to connect. */
export interface Pauses {
  /** The pause after a lost connection or a failed attempt, in milliseconds. */
  next(): number
  /** Call it when the server has answered. A connection alone is no success: a full server accepts it and closes it immediately. */
  connectionServed(): void
}

/**
 * Pauses grow from 50 ms to a second until a connection serves. The client's own counter restarts with every connection,
 * so a server that closes connections immediately would be contacted twenty times a second.
 * @param now monotonic milliseconds.
 */
export function createPauses(now: () => number = () => performance.now()): Pauses {
  let failures = 0
  let since: number | undefined
  return {
    next() {
      if (since !== undefined && now() - since >= SERVED_FOR) failures = 0
      since = undefined
      failures++
      return Math.min(failures * STEP, LONGEST)
    },
    connectionServed() {
      since ??= now()
    },
  }
}
