import { AsyncLocalStorage } from 'node:async_hooks'

export const REGIONS = ['eu', 'uk', 'us'] as const
export type Region = (typeof REGIONS)[number]

/** The region of the request that is being answered. */
export const region = new AsyncLocalStorage<Region>()

/** @throws Error outside a request. */
export function currentRegion(): Region {
  const current = region.getStore()
  if (current === undefined) throw new Error('no region: this runs outside a request')
  return current
}
