import type { ValkeyCluster } from '../connection/client.ts'

/** Shortest time between two questions for the slots (ms). */
const BETWEEN = 250

/** Asks a cluster for its slots again, not too often. */
export interface Refresh {
  readonly soon: () => void
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

  const ask = (): void => {
    timer = undefined
    last = performance.now()
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
      timer = setTimeout(ask, Math.max(0, last + BETWEEN - performance.now()))
      timer.unref()
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
