import { AsyncLocalStorage } from 'node:async_hooks'
import type { Events, ReadEvent } from './events.ts'
import { createNeverHits, type NeverHits } from './never-hits.ts'

/** Counts of finished reads. `reads = hits + misses + bypasses`; `stale` is part of `hits`. */
export interface Counts {
  readonly reads: number
  readonly hits: number
  readonly misses: number
  readonly bypasses: number
  readonly stale: number
}

/** Counts of a cache since it was made, in total and per model. */
export interface Stats extends Counts {
  readonly models: Readonly<Record<string, Counts>>
}

/** What `cache.explain` reports of one read: its {@link ReadEvent} without duration and model. */
export type ReadReport = Omit<ReadEvent, 'duration' | 'model'>

/** The result of a function, and a report of each read made inside it, in the order in which they finished. */
export interface Explained<T> {
  readonly result: T
  readonly reads: readonly ReadReport[]
}

/** Reports every read once: to the counters, to listeners and to a surrounding `explain`. */
export interface Report {
  /**
   * Counts a read.
   * @returns a function to call with its event. Undefined: nobody listens, as for most hits.
   */
  read(
    model: string,
    source: ReadEvent['source'],
    reason: ReadEvent['reason'],
  ): ((event: ReadEvent) => void) | undefined
  /**
   * Runs `fn` and collects the reads made in it, through any number of awaits.
   */
  explain<T>(fn: () => Promise<T> | T, options?: CollectOptions): Promise<Explained<T>>
  /** True inside a function that only fills the cache: nobody has asked yet for what it stores. */
  isWarming(): boolean
  stats(): Stats
  /** Watches for entries that are stored and never read. */
  readonly neverHits: NeverHits
}

/** What `explain` collects, and why. */
interface CollectOptions {
  /** Is asked when a read has ended, in the read's own context, whether to collect it. Default: every read. */
  accepts?(): boolean
  /** The function only fills the cache. Default false. */
  readonly warming?: boolean
}

/** The reads that a function has made so far. */
interface Collection extends CollectOptions {
  readonly reads: ReadReport[]
}

export function createReport(events: Events): Report {
  const stats = createStats()
  const audience = events.audiences.read
  const collecting = new AsyncLocalStorage<Collection>()
  return {
    read(model, source, reason) {
      stats.count(model, source, reason)
      const collection = collecting.getStore()
      const reports = collection?.accepts?.() === false ? undefined : collection?.reads
      // Looked at here: every hit comes this way.
      const heard = audience.listeners.size > 0 || audience.channel.hasSubscribers
      if (!heard && !reports) return undefined
      return (event) => {
        if (heard) events.emit('read', event)
        if (!reports) return
        const { duration: _duration, model: _model, ...report } = event
        reports.push(report)
      }
    },
    async explain(fn, options = {}) {
      const reads: ReadReport[] = []
      // Awaited inside: a lazy promise (Prisma's) starts only when it is awaited.
      const result = await collecting.run({ ...options, reads }, async () => await fn())
      return { result, reads }
    },
    isWarming: () => collecting.getStore()?.warming === true,
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
      let modelStats = models.get(model)
      if (!modelStats) {
        modelStats = zero()
        models.set(model, modelStats)
      }
      add(total, source, reason)
      add(modelStats, source, reason)
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
