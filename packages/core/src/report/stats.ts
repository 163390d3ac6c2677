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
  count(model: string, source: ReadEvent['source'], reason: ReadEvent['reason']): void
  snapshot(): Stats
}

export function createStats(): StatsCounter {
  const total = zero()
  const models = new Map<string, Mutable>()
  return {
    count(model, source, reason) {
      let own = models.get(model)
      if (!own) {
        own = zero()
        models.set(model, own)
      }
      add(total, source, reason)
      add(own, source, reason)
    },
    snapshot: () => ({
      ...total,
      models: Object.fromEntries([...models].map(([name, counts]) => [name, { ...counts }])),
    }),
  }
}

function add(counts: Mutable, source: ReadEvent['source'], reason: ReadEvent['reason']): void {
  counts.reads++
  if (source !== 'database') counts.hits++
  else if (reason !== undefined && MISSES.has(reason)) counts.misses++
  else counts.bypasses++
  if (source === 'stale') counts.stale++
}

function zero(): Mutable {
  return { reads: 0, hits: 0, misses: 0, bypasses: 0, stale: 0 }
}
