import { type Cache, createCache, type PolicyOptions } from '@larder/core'
import type { Store } from '@larder/core/store'
import { region } from './region.ts'

/** Raise it in the same commit that changes what a cached function returns. Old entries are then not read any more. */
const SHAPES = '1'

export interface CacheSettings {
  readonly store: Store
  /** Prefix of every key: one for each application and environment. */
  readonly namespace?: string
  /** `false`: every read goes to the database, and writes still invalidate. */
  readonly enabled?: boolean
}

/** Prices, taxes and wording differ by region, so no entry of one region may be served in another. */
export function openCache({ store, namespace = 'catalogue', enabled = true }: CacheSettings): Cache {
  return createCache({
    namespace,
    store,
    enabled,
    version: SHAPES,
    scope: () => region.getStore(),
    requireScope: true,
  })
}

/**
 * Products change a few times a day and are read all the time: hot ones are refreshed before they expire, and nobody waits
 * for one that has just expired. None of this serves anything that a write through this service has changed.
 */
export const catalogued = {
  ttl: '10m',
  jitter: 0.2,
  refreshAhead: 1,
  staleWhileRevalidate: '1m',
} as const satisfies PolicyOptions
