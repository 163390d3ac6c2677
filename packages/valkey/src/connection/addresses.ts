import { CacheError } from '@larder/core'
import type { NodeAddress } from './store-options.ts'
import type { Place } from './target.ts'
import { type Address, parseUrl } from './url.ts'

/** An address as it was given: a host and a port say nothing about TLS. */
export type Given = Place & Partial<Omit<Address, keyof Place>>

/** @throws CacheError naming the option. */
export function addressesOf(given: unknown, option: string): readonly Given[] {
  if (!Array.isArray(given) || !given.length)
    throw new CacheError('LARDER_CONFIG', `valkeyStore.${option}: give a list of URLs or { host, port }`)
  return given.map((each: NodeAddress) => (typeof each === 'string' ? parseUrl(each) : placeOf(each, option)))
}

function placeOf(given: Exclude<NodeAddress, string> | null, option: string): Place {
  const { host, port = 6379 } = given ?? {}
  const good =
    typeof host === 'string' && host !== '' && Number.isSafeInteger(port) && port > 0 && port < 65_536
  if (good) return { host: host.replace(/^\[|\]$/g, ''), port }
  throw new CacheError('LARDER_CONFIG', `valkeyStore.${option}: an address is a URL or { host, port }`)
}
