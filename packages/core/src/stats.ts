import type { ReadEvent } from './events.ts'

/** Counts of finished reads. `reads = hits + misses + bypasses`, exactly; `stale` counts among the hits. */
export interface Counts {
  readonly reads: number
  readonly hits: number
  readonly misses: number
  readonly bypasses: number
  readonly stale: number
}

/** Counts of a cache since it was made, in all and by model. */
export interface Stats extends Counts {
  readonly models: Readonly<Record<string, Counts>>
}

type Mutable = { -readonly [K in keyof Counts]: number }

const MISSES: ReadonlySet<string> = new Set(['miss', 'expired', 'invalidated', 'too-large'])

export interface StatsCounter {
  count(event: Pick<ReadEvent, 'model' | 'source' | 'reason'>): void
  snapshot(): Stats
}

export function createStats(): StatsCounter {
  const total = zero()
  const models = new Map<string, Mutable>()
  return {
    count(event) {
      const own = models.get(event.model) ?? zero()
      models.set(event.model, own)
      for (const counts of [total, own]) {
        counts.reads++
        if (event.source !== 'database') counts.hits++
        else if (event.reason !== undefined && MISSES.has(event.reason)) counts.misses++
        else counts.bypasses++
        if (event.source === 'stale') counts.stale++
      }
    },
    snapshot: () => ({
      ...total,
      models: Object.fromEntries([...models].map(([name, counts]) => [name, { ...counts }])),
    }),
  }
}

function zero(): Mutable {
  return { reads: 0, hits: 0, misses: 0, bypasses: 0, stale: 0 }
}
