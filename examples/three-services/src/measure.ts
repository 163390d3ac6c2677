/** What one run of the shop's load showed. Times in ms. */
export interface Measured {
  readonly reads: number
  readonly writes: number
  readonly elapsed: number
  readonly readsPerSecond: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly statements: number
  readonly statementsPerSecond: number
  /** Share of the queries that the cache answered, 0 to 1. */
  readonly keptOff: number
  /** Reads that showed less than an earlier write had made. */
  readonly stale: number
  /** Pieces sold that were not there. */
  readonly oversold: number
  /** Requests that got no proper answer. */
  readonly failed: number
  /** Of each whole second: reads, and SQL statements. */
  readonly seconds: readonly { readonly reads: number; readonly statements: number }[]
}

export interface Meter {
  read(took: number, fresh: boolean): void
  wrote(): void
  failed(): void
  /** Ms since it was made. */
  elapsed(): number
  stop(end: { readonly keptOff: number; readonly oversold: number }): Measured
}

export function createMeter(statements: () => number, now: () => number = () => performance.now()): Meter {
  const [began, first] = [now(), statements()]
  const times: number[] = []
  const seconds: { reads: number; statements: number }[] = []
  let [writes, stale, failed, counted] = [0, 0, 0, first]
  const second = (): { reads: number; statements: number } => {
    const at = Math.floor((now() - began) / 1000)
    while (seconds.length <= at) seconds.push({ reads: 0, statements: 0 })
    const current = seconds[at] ?? { reads: 0, statements: 0 }
    current.statements += statements() - counted
    counted = statements()
    return current
  }
  return {
    read(took, fresh) {
      times.push(took)
      second().reads++
      if (!fresh) stale++
    },
    wrote() {
      writes++
      second()
    },
    failed() {
      failed++
    },
    elapsed: () => now() - began,
    stop(end) {
      const elapsed = now() - began
      const sorted = times.toSorted((a, b) => a - b)
      const perSecond = (count: number): number => (elapsed > 0 ? (count * 1000) / elapsed : 0)
      const sent = statements() - first
      return {
        ...end,
        reads: times.length,
        writes,
        elapsed,
        readsPerSecond: perSecond(times.length),
        p50: percentile(sorted, 50),
        p95: percentile(sorted, 95),
        p99: percentile(sorted, 99),
        statements: sent,
        statementsPerSecond: perSecond(sent),
        stale,
        failed,
        // The last one is not whole.
        seconds: seconds.slice(0, Math.floor(elapsed / 1000)),
      }
    },
  }
}

/** The smallest value that `percent` of all values do not exceed (nearest rank). 0 for no values. */
export function percentile(sorted: readonly number[], percent: number): number {
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length))
  return sorted[rank - 1] ?? 0
}
