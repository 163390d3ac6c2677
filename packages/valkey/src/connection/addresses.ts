import { CacheError } from '@larder/core'
import type { NodeAddress } from './store-options.ts'
import type { HostPort } from './target.ts'
import { type Address, parseUrl } from './url.ts'

/** A parsed address. One given as host and port does not say whether to use TLS. */
export type ParsedAddress = HostPort & Partial<Omit<Address, keyof HostPort>>

/** @throws CacheError naming the option. */
export function addressesOf(list: unknown, option: string): readonly ParsedAddress[] {
  if (!Array.isArray(list) || !list.length)
    throw new CacheError('LARDER_CONFIG', `valkeyStore.${option}: give a list of URLs or { host, port }`)
  return list.map((each: NodeAddress) =>
    typeof each === 'string' ? parseUrl(each) : hostPortOf(each, option),
  )
}

function hostPortOf(address: Exclude<NodeAddress, string> | null, option: string): HostPort {
  const { host, port = 6379 } = address ?? {}
  const good =
    typeof host === 'string' && host !== '' && Number.isSafeInteger(port) && port > 0 && port < 65_536
  if (good) return { host: host.replace(/^\[|\]$/g, ''), port }
  throw new CacheError('LARDER_CONFIG', `valkeyStore.${option}: an address is a URL or { host, port }`)
}
