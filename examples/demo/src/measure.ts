/** What one run showed. Times in ms. */
export interface Measured {
  readonly operations: number
  readonly reads: number
  readonly writes: number
  readonly elapsed: number
  readonly readsPerSecond: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly statements: number
  readonly statementsPerSecond: number
  /** Share of the reads that sent no SQL at all, 0 to 1. */
  readonly keptOff: number
  /** Reads that differed from the shadow. */
  readonly stale: number
}

export interface Meter {
  read(read: { readonly took: number; readonly statements: number; readonly fresh: boolean }): void
  wrote(statements: number): void
  /** Ms since the meter was made. */
  elapsed(): number
  stop(): Measured
}

export function createMeter(now: () => number = () => performance.now()): Meter {
  const began = now()
  const times: number[] = []
  let writes = 0
  let statements = 0
  let withoutSql = 0
  let stale = 0
  return {
    read(read) {
      times.push(read.took)
      statements += read.statements
      if (read.statements === 0) withoutSql++
      if (!read.fresh) stale++
    },
    wrote(sent) {
      writes++
      statements += sent
    },
    elapsed: () => now() - began,
    stop() {
      const elapsed = now() - began
      const sorted = times.toSorted((a, b) => a - b)
      const perSecond = (count: number): number => (elapsed > 0 ? (count * 1000) / elapsed : 0)
      return {
        operations: times.length + writes,
        reads: times.length,
        writes,
        elapsed,
        readsPerSecond: perSecond(times.length),
        p50: percentile(sorted, 50),
        p95: percentile(sorted, 95),
        p99: percentile(sorted, 99),
        statements,
        statementsPerSecond: perSecond(statements),
        keptOff: times.length > 0 ? withoutSql / times.length : 0,
        stale,
      }
    },
  }
}

/** The smallest value that `percent` of all values do not exceed (nearest rank). 0 for no values. */
export function percentile(sorted: readonly number[], percent: number): number {
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length))
  return sorted[rank - 1] ?? 0
}
