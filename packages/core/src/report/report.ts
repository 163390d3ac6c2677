import { AsyncLocalStorage } from 'node:async_hooks'
import type { Events, ReadEvent } from './events.ts'
import { createNeverHits, type NeverHits } from './never-hits.ts'

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

/** What {@link Explain} tells of one read: the read event without its duration. */
export type ReadReport = Omit<ReadEvent, 'duration' | 'model'>

/** A function's result with an account of the reads made inside it, in the order they ended. */
export interface Explained<T> {
  readonly result: T
  readonly reads: readonly ReadReport[]
}

/** Where every read is told exactly once: to the counters, to listeners, and to whoever asked for an explanation. */
export interface Report {
  /** @param account the whole event, made only for those who hear it. */
  read(
    model: string,
    source: ReadEvent['source'],
    reason: ReadEvent['reason'],
    account: () => ReadEvent,
  ): void
  /** Runs `fn` and collects the reads made in it, through any number of awaits. */
  explain<T>(fn: () => Promise<T> | T): Promise<Explained<T>>
  stats(): Stats
  /** Told of stored loads and of what was made of them. */
  readonly neverHits: NeverHits
}

export function createReport(events: Events): Report {
  const stats = createStats()
  const collecting = new AsyncLocalStorage<ReadReport[]>()
  return {
    read(model, source, reason, account) {
      stats.count(model, source, reason)
      const reports = collecting.getStore()
      const heard = events.heard('read')
      if (!heard && !reports) return
      const event = account()
      if (heard) events.emit('read', event)
      if (reports) {
        const { duration: _duration, model: _model, ...report } = event
        reports.push(report)
      }
    },
    async explain(fn) {
      const reads: ReadReport[] = []
      // Awaited inside: a lazy promise (Prisma's) starts only when it is awaited.
      const result = await collecting.run(reads, async () => await fn())
      return { result, reads }
    },
    stats: () => stats.snapshot(),
    neverHits: createNeverHits(events),
  }
}

type Mutable = { -readonly [K in keyof Counts]: number }

const MISSES: ReadonlySet<string> = new Set(['miss', 'expired', 'invalidated', 'too-large'])

interface StatsCounter {
  count(model: string, source: ReadEvent['source'], reason: ReadEvent['reason']): void
  snapshot(): Stats
}

function createStats(): StatsCounter {
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
