import type { ValkeyCluster } from '../connection/client.ts'

/** Pause between two requests for the slots (ms), and by how much each one that did not help lengthens it. */
const PAUSE = 250
const LONGEST_PAUSE = 1_000

/** Asks a Cluster for its slots again, not too often. */
export interface Refresh {
  readonly soon: () => void
  /** A node has answered: pauses are short again. */
  readonly nodeAnswered: () => void
  /** Records an error as the reason why the Cluster cannot be used. */
  readonly recordError: (error: unknown) => void
  /** The last recorded reason. */
  readonly lastError: () => unknown
  stop(): void
}

export function createRefresh(cluster: ValkeyCluster): Refresh {
  let latestError: unknown = new Error('not connected yet')
  let last = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let attempts = 0

  const ask = (): void => {
    timer = undefined
    last = performance.now()
    attempts++
    // In any other state the client is about to ask by itself.
    if (cluster.status === 'ready') cluster.refreshSlotsCache((error) => error && recordError(error))
  }
  const recordError = (error: unknown): void => {
    // This error only says that every node failed; their own errors came before it.
    if (!String(error).includes('Failed to refresh slots cache')) latestError = error
  }
  return {
    soon() {
      if (timer || stopped) return
      const pause = Math.min(PAUSE * Math.max(1, attempts), LONGEST_PAUSE)
      timer = setTimeout(ask, Math.max(0, last + pause - performance.now()))
      timer.unref()
    },
    nodeAnswered() {
      attempts = 0
    },
    recordError,
    lastError: () => latestError,
    stop() {
      stopped = true
      latestError = new Error('the store is closed')
      clearTimeout(timer)
    },
  }
}
