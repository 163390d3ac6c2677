import type { Fetched, Store } from '../store/store.ts'
import type { TagRequest } from '../tags/tag.ts'
import type { KeptEntries } from './kept-entries.ts'
import type { KeptTags } from './kept-tags.ts'

/**
 * Wraps a store so that its replies are kept, and so that changes by this process drop what is kept: before they are sent, so
 * that nothing outlives a write without a reply, and after they are acknowledged, so that a caller who waited for it reads
 * nothing older. The finish of a write also names the cells of the rows that it returned.
 */
export function createTrackingStore(store: Store, tags: KeptTags, entries: KeptEntries): Store {
  const learn = async (requests: readonly TagRequest[], ask: () => Promise<Fetched>): Promise<Fetched> => {
    const start = tags.beginFetch()
    const answer = await ask()
    tags.keep(start, requests, answer)
    return answer
  }
  const change = async <T>(names: readonly string[] | undefined, send: () => Promise<T>): Promise<T> => {
    tags.drop(names)
    try {
      return await send()
    } finally {
      // A call that failed or was late may have been executed.
      tags.drop(names)
    }
  }
  const named = (request: {
    readonly record: string
    readonly cells: readonly string[]
  }): readonly string[] => [request.record, ...request.cells]
  return {
    source: store.source,
    ...(store.leases && { leases: store.leases }),
    ...(store.packetsSent && { packetsSent: store.packetsSent }),
    open: (context) => store.open?.(context),
    fetch: (entry, requests) => learn(requests, () => store.fetch(entry, requests)),
    seed: (requests, lifetime) => learn(requests, () => store.seed(requests, lifetime)),
    mark: (request) => change(named(request), () => store.mark(request)),
    renew: (request) => change(named(request), () => store.renew(request)),
    finish: (request) => change(named(request), () => store.finish(request)),
    async set(entry, ...rest) {
      const stored = entries.storing(entry)
      try {
        await store.set(entry, ...rest)
      } finally {
        stored()
      }
    },
    async invalidateAll() {
      entries.clear()
      await change(undefined, () => store.invalidateAll())
    },
    ...(store.pause && { pause: (reason: string) => store.pause?.(reason) as Promise<void> }),
    ...(store.resume && { resume: () => store.resume?.() as Promise<void> }),
    close: () => store.close(),
  }
}
