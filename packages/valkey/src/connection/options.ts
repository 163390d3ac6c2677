import type { ConnectionOptions } from 'node:tls'
import { CacheError, notBuilt } from '@larder/core'
import type { ValkeyClient } from './client.ts'
import { canSend } from './send.ts'
import { type Address, parseUrl } from './url.ts'

/** Options of `valkeyStore`. Give `url`, or a `client` of your own. */
export interface ValkeyStoreOptions {
  /** `valkey://[user:password@]host[:port][/database]`; `valkeys://` for TLS; `redis://` and `rediss://` mean the same. */
  url?: string
  /**
   * A connected iovalkey or ioredis client. It stays yours: `close` leaves it open. It should be made with
   * `enableOfflineQueue: false` and no `keyPrefix`; others are used with a process warning.
   */
  client?: ValkeyClient
  /** ACL user and password, where they do not stand in the URL. */
  username?: string
  password?: string
  /** Options of `node:tls` for a `valkeys://` URL, such as `ca`. */
  tls?: ConnectionOptions
  /** Connect at the first query (or `ping`) instead of at once. Default false. */
  lazyConnect?: boolean
  /** Longest a connection attempt may take, in milliseconds. Default 2000. */
  connectTimeout?: number
}

/** One server, and how to reach it. */
export interface ServerTarget {
  readonly address: Address
  readonly tls: ConnectionOptions | undefined
  readonly lazyConnect: boolean
  readonly connectTimeout: number
}

/** Options, checked. */
export type Target = { readonly client: ValkeyClient } | ServerTarget

const NAMES = ['url', 'client', 'username', 'password', 'tls', 'lazyConnect', 'connectTimeout']
const LATER = ['nodes', 'sentinels', 'name', 'cluster', 'memory', 'compression']

/** @throws CacheError `LARDER_CONFIG` or `LARDER_OPTION_NOT_BUILT`, never repeating a secret. */
export function checkOptions(given: string | ValkeyStoreOptions): Target {
  const options = typeof given === 'string' ? { url: given } : given
  if (typeof options !== 'object' || options === null)
    throw refused('valkeyStore was given neither a URL nor options')
  for (const name of Object.keys(options)) {
    if (LATER.includes(name)) throw notBuilt(`valkeyStore.${name}`)
    if (!NAMES.includes(name))
      throw refused(`valkeyStore.${name} is not an option: there are ${NAMES.join(', ')}`)
  }
  const { url, client, username, password, tls, lazyConnect = false, connectTimeout = 2_000 } = options
  if ((url === undefined) === (client === undefined)) throw refused('valkeyStore takes a url or a client')
  if (client) return givenClient(client, options)
  if (typeof lazyConnect !== 'boolean') throw refused('valkeyStore.lazyConnect: give true or false')
  if (!Number.isSafeInteger(connectTimeout) || connectTimeout < 1)
    throw refused('valkeyStore.connectTimeout: give a whole number of milliseconds')
  const address = parseUrl(url)
  if (tls && !address.secure) throw refused('valkeyStore.tls needs a valkeys:// url')
  const credentials = {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  }
  if (!Object.values(credentials).every((one) => typeof one === 'string'))
    throw refused('valkeyStore.username and password are texts')
  return { address: { ...address, ...credentials }, tls, lazyConnect, connectTimeout }
}

function givenClient(client: ValkeyClient, options: ValkeyStoreOptions): Target {
  const surplus = Object.keys(options).filter((name) => name !== 'client')
  if (surplus.length)
    throw refused(`valkeyStore.${surplus[0]} has no effect on a client that is made already`)
  if (client.isCluster) throw notBuilt('valkeyStore({ client }) with a Cluster')
  if (!canSend(client)) throw refused('valkeyStore.client is no iovalkey or ioredis client')
  return { client }
}

function refused(message: string): CacheError {
  return new CacheError('LARDER_CONFIG', message)
}
