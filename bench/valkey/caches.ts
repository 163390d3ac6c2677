import { type Cache, createCache } from '@larder/core'
import { valkeyStore } from '@larder/valkey'

export type Mode = (typeof MODES)[number]
export const MODES = ['off', 'validate', 'push'] as const

export interface CacheAt {
  readonly url: string
  readonly namespace: string
  readonly mode: Mode
  readonly finish?: 'background' | 'await'
}

/** A cache with a store of its own, connected. */
export async function openCache({ url, namespace, mode, finish }: CacheAt): Promise<Cache> {
  const store = valkeyStore(url)
  const cache = createCache({ store, namespace, memory: { mode }, ...(finish && { finish }) })
  await store.ping()
  return cache
}

/** How a case is called: by the mode of its memory tier. */
export const nameOf = (mode: Mode): string => `Larder, ${mode}`

/** Counts the reads from now on that were no hits. What is timed as a hit must not be one of them. */
export function otherReads(cache: Cache): () => number {
  const sofar = (): number => cache.stats().misses + cache.stats().bypasses
  const before = sofar()
  return () => sofar() - before
}

/** Of the reads of a cache, the share that may be no hits where hits are timed. */
const MOST_OTHERS = 0.001

/**
 * The same for cases that only hit.
 * @throws Error if more than one of a thousand reads was no hit: the figures would not be those of hits.
 */
export function expectHits(name: string, cache: Cache): () => void {
  const others = otherReads(cache)
  const { hits: before } = cache.stats()
  return () => {
    const [missed, hits] = [others(), cache.stats().hits - before]
    if (missed > MOST_OTHERS * (missed + hits))
      throw new Error(`${name}: ${missed} of ${missed + hits} reads were no hits`)
    tellOthers(name, missed)
  }
}

/** Says it, if there were any. */
export function tellOthers(name: string, others: number): void {
  if (others > 0) console.log(`${name}: ${others} reads were no hits, and are over sooner here than hits.`)
}
