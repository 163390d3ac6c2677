import { AsyncLocalStorage } from 'node:async_hooks'
import type { Events, ReadEvent } from './events.ts'
import { createNeverHits, type NeverHits } from './never-hits.ts'
import { createStats, type Stats } from './stats.ts'

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
