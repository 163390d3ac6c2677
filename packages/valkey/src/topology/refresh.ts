import type { ValkeyCluster } from '../connection/client.ts'

/** Shortest time between two questions for the slots (ms); so much longer after each one that did not help, up to the last. */
const BETWEEN = 250
const BETWEEN_MOST = 1_000

/** Asks a cluster for its slots again, not too often. */
export interface Refresh {
  readonly soon: () => void
  /** A node answers: the next questions are urgent again. */
  readonly proven: () => void
  /** Notes an error as the reason why the cluster cannot be used. */
  readonly blame: (error: unknown) => void
  /** The last such reason. */
  readonly trouble: () => unknown
  stop(): void
}

export function createRefresh(cluster: ValkeyCluster): Refresh {
  let trouble: unknown = new Error('not connected yet')
  let last = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let questions = 0

  const ask = (): void => {
    timer = undefined
    last = performance.now()
    questions++
    // Otherwise it is about to ask by itself.
    if (cluster.status === 'ready') cluster.refreshSlotsCache((error) => error && blame(error))
  }
  const blame = (error: unknown): void => {
    // It says only that every node failed; what they said came before it.
    if (!String(error).includes('Failed to refresh slots cache')) trouble = error
  }
  return {
    soon() {
      if (timer || stopped) return
      const pause = Math.min(BETWEEN * Math.max(1, questions), BETWEEN_MOST)
      timer = setTimeout(ask, Math.max(0, last + pause - performance.now()))
      timer.unref()
    },
    proven() {
      questions = 0
    },
    blame,
    trouble: () => trouble,
    stop() {
      stopped = true
      trouble = new Error('the store is closed')
      clearTimeout(timer)
    },
  }
}
