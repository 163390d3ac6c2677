import { AsyncLocalStorage } from 'node:async_hooks'
import type { Cache, ReadEvent } from '@larder/core'

/** Runs functions and collects their reads. Unlike with `explain`, an enclosing `explain` still sees them. */
export interface ObservedReads {
  /** @param ended is called with the reads, in the order in which they finished, before the returned promise resolves. */
  run(read: () => Promise<unknown>, ended: (reads: readonly ReadEvent[]) => void): Promise<unknown>
}

export function createObservedReads(cache: Pick<Cache, 'on'>): ObservedReads {
  const collecting = new AsyncLocalStorage<ReadEvent[]>()
  return {
    async run(read, ended) {
      const reads: ReadEvent[] = []
      // Only while it is needed: with a listener, the cache builds an event for every read of the process.
      const stop = cache.on('read', (event) => {
        if (collecting.getStore() === reads) reads.push(event)
      })
      try {
        const result = await collecting.run(reads, read)
        ended(reads)
        return result
      } finally {
        stop()
      }
    },
  }
}
