import { CacheError, notBuilt } from '@larder/core'
import { addressesOf, type Given } from './addresses.ts'
import { isCluster } from './client.ts'
import { canSend } from './send.ts'
import type { ValkeyStoreOptions } from './store-options.ts'
import type { Access, Target } from './target.ts'
import { parseUrl } from './url.ts'

const SERVER = ['username', 'password', 'tls', 'database', 'lazyConnect', 'connectTimeout']
/** Each way to say where the servers are, and the options that go with it. */
const WAYS: Readonly<Record<'url' | 'client' | 'nodes' | 'sentinels', readonly string[]>> = {
  url: SERVER,
  client: [],
  nodes: [...SERVER, 'natMap', 'dnsLookup'],
  sentinels: [...SERVER, 'natMap', 'name', 'sentinelUsername', 'sentinelPassword', 'sentinelTls'],
}
const NAMES = [...new Set([...Object.keys(WAYS), ...Object.values(WAYS).flat()])]
const LATER = ['cluster', 'memory', 'compression']

/** @throws CacheError `LARDER_CONFIG` or `LARDER_OPTION_NOT_BUILT`, never repeating a secret. */
export function checkOptions(given: string | ValkeyStoreOptions): Target {
  const options = typeof given === 'string' ? { url: given } : given
  if (typeof options !== 'object' || options === null)
    throw refused('valkeyStore was given neither a URL nor options')
  const way = wayOf(options)
  checkValues(options)
  if (way === 'client') return clientTarget(options)
  const { lazyConnect = false, connectTimeout = 2_000, natMap, dnsLookup, name } = options
  const common = { lazyConnect, connectTimeout, ...(natMap && { natMap }) }
  if (way === 'url') {
    const address = parseUrl(options.url)
    const database = options.database ?? address.database
    return { kind: 'server', ...common, ...accessOf(options, [address]), ...place(address), database }
  }
  if (way === 'nodes') {
    const seeds = addressesOf(options.nodes, 'nodes')
    if (options.database || seeds.some(({ database }) => database))
      throw refused('valkeyStore.nodes: a Cluster has only database 0')
    const more = { ...accessOf(options, seeds), database: 0, ...(dnsLookup && { dnsLookup }) }
    return { kind: 'cluster', ...common, ...more, seeds: seeds.map(place) }
  }
  if (!name) throw refused('valkeyStore.sentinels needs name, by which they know the primary')
  const sentinels = addressesOf(options.sentinels, 'sentinels')
  const { sentinelUsername: username, sentinelPassword: password, sentinelTls: tls } = options
  const asking = accessOf({ username, password, tls }, sentinels)
  const more = { ...accessOf(options, []), database: options.database ?? 0, asking, name }
  return { kind: 'sentinel', ...common, ...more, sentinels: sentinels.map(place) }
}

function wayOf(options: ValkeyStoreOptions): keyof typeof WAYS {
  for (const name of Object.keys(options)) {
    if (LATER.includes(name)) throw notBuilt(`valkeyStore.${name}`)
    if (!NAMES.includes(name))
      throw refused(`valkeyStore.${name} is not an option: there are ${NAMES.join(', ')}`)
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  const [way, ...more] = given.map(([name]) => name).filter((name) => Object.hasOwn(WAYS, name))
  if (!way || more.length) throw refused('valkeyStore takes one of a url or a client, nodes or sentinels')
  const surplus = given.find(([name]) => name !== way && !WAYS[way as keyof typeof WAYS].includes(name))?.[0]
  if (surplus && way === 'client')
    throw refused(`valkeyStore.${surplus} has no effect on a client that is made already`)
  if (surplus) throw refused(`valkeyStore.${surplus} has no effect with ${way}`)
  return way as keyof typeof WAYS
}

function checkValues(options: ValkeyStoreOptions): void {
  const { lazyConnect = false, connectTimeout = 2_000, database = 0 } = options
  if (typeof lazyConnect !== 'boolean') throw refused('valkeyStore.lazyConnect: give true or false')
  if (!Number.isSafeInteger(connectTimeout) || connectTimeout < 1)
    throw refused('valkeyStore.connectTimeout: give a whole number of milliseconds')
  if (!Number.isSafeInteger(database) || database < 0) throw refused('valkeyStore.database: give a number')
  for (const name of ['username', 'password', 'sentinelUsername', 'sentinelPassword', 'name'] as const)
    if (options[name] !== undefined && typeof options[name] !== 'string')
      throw refused(`valkeyStore.${name} is a text`)
}

function clientTarget({ client }: ValkeyStoreOptions): Target {
  if (!client || !(isCluster(client) ? 'slots' in client : canSend(client)))
    throw refused('valkeyStore.client is no iovalkey or ioredis client')
  return { kind: 'client', client, database: 0 }
}

type Credentials = {
  readonly [Name in 'username' | 'password' | 'tls']?: ValkeyStoreOptions[Name] | undefined
}

/** What is given beside addresses comes before what stands in them. */
function accessOf(given: Credentials, addresses: readonly Given[]): Access {
  const username = given.username ?? addresses.find((each) => each.username)?.username
  const password = given.password ?? addresses.find((each) => each.password)?.password
  const secure = new Set(addresses.map((each) => each.secure).filter((each) => each !== undefined))
  if (secure.size > 1) throw refused('valkeyStore was given URLs with and without TLS')
  if (given.tls && secure.has(false)) throw refused('valkeyStore.tls needs a valkeys:// url')
  const tls = given.tls === true ? {} : (given.tls ?? (secure.has(true) ? {} : undefined))
  return { ...(username && { username }), ...(password && { password }), ...(tls && { tls }) }
}

function place({ host, port }: Given): { host: string; port: number } {
  return { host, port }
}

function refused(message: string): CacheError {
  return new CacheError('LARDER_CONFIG', message)
}
