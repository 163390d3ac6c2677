/** The first pause, and by how much each next one is longer (ms). */
const STEP = 50
const MOST = 1_000
/** A connection that served for so long makes the next pause short again (ms). */
const PROVEN = 1_000

/** How long to wait before the next attempt to connect. */
export interface Pauses {
  /** The pause after a lost connection, or an attempt that failed; in milliseconds. */
  next(): number
  /** The server has answered. A connection alone proves nothing: a full server takes it, and closes it at once. */
  proven(): void
}

/**
 * Pauses grow from 50 ms to a second, until a connection serves. The client's own count begins anew with every
 * connection, so a server that hangs up at once would be asked twenty times a second.
 * @param now monotonic milliseconds.
 */
export function createPauses(now: () => number = () => performance.now()): Pauses {
  let failures = 0
  let since: number | undefined
  return {
    next() {
      if (since !== undefined && now() - since >= PROVEN) failures = 0
      since = undefined
      failures++
      return Math.min(failures * STEP, MOST)
    },
    proven() {
      since ??= now()
    },
  }
}
