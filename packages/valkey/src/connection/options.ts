import { CacheError } from '@larder/core'
import { acceptedClient } from './adapters/accepted.ts'
import { addressesOf, type ParsedAddress } from './addresses.ts'
import type { ValkeyStoreOptions } from './store-options.ts'
import type { Access, Target } from './target.ts'
import { type AddressFamily, parseUrl } from './url.ts'

const SERVER = ['username', 'password', 'tls', 'database', 'lazyConnect', 'connectTimeout']
/** Each way to name the servers, and the options that go with it. */
const KINDS: Readonly<Record<'url' | 'client' | 'nodes' | 'sentinels', readonly string[]>> = {
  url: SERVER,
  client: [],
  nodes: [...SERVER, 'natMap', 'dnsLookup'],
  sentinels: [...SERVER, 'natMap', 'name', 'sentinelUsername', 'sentinelPassword', 'sentinelTls'],
}
const NAMES = [...new Set([...Object.keys(KINDS), ...Object.values(KINDS).flat()])]
/** Options that users look for here, and where they are. */
const HINTS = new Map([
  ['cluster', 'give nodes'],
  ['memory', 'it is an option of createCache'],
  ['compression', 'give createCache({ codec: compressed(msgpackCodec()) })'],
  ['namespace', 'it is an option of createCache'],
])

/** @throws CacheError `LARDER_CONFIG`. Its message never contains a secret. */
export function checkOptions(urlOrOptions: string | ValkeyStoreOptions): Target {
  const options = typeof urlOrOptions === 'string' ? { url: urlOrOptions } : urlOrOptions
  if (typeof options !== 'object' || options === null)
    throw configError(
      "valkeyStore needs a URL such as 'valkey://localhost:6379', or options with url, nodes, sentinels or client",
    )
  const kind = kindOf(options)
  checkValues(options)
  if (kind === 'client') return clientTarget(options)
  const { lazyConnect = false, connectTimeout = 2_000, natMap, dnsLookup, name } = options
  const common = { lazyConnect, connectTimeout, ...(natMap && { natMap }) }
  if (kind === 'url') {
    const address = parseUrl(options.url)
    const database = options.database ?? address.database
    const { family } = address
    return {
      kind: 'server',
      ...common,
      ...accessOf(options, [address]),
      ...hostPortOf(address),
      database,
      family,
    }
  }
  if (kind === 'nodes') {
    const seeds = addressesOf(options.nodes, 'nodes')
    if (options.database || seeds.some(({ database }) => database))
      throw configError('valkeyStore.nodes: a Cluster has only database 0')
    const family = familyOf(seeds)
    const more = { ...accessOf(options, seeds), database: 0, family, ...(dnsLookup && { dnsLookup }) }
    return { kind: 'cluster', ...common, ...more, seeds: seeds.map(hostPortOf) }
  }
  if (!name)
    throw configError('valkeyStore.sentinels needs name: the name under which the Sentinels know the primary')
  const sentinels = addressesOf(options.sentinels, 'sentinels')
  const { sentinelUsername: username, sentinelPassword: password, sentinelTls: tls } = options
  const sentinelAccess = accessOf({ username, password, tls }, sentinels)
  const family = familyOf(sentinels)
  const more = { ...accessOf(options, []), database: options.database ?? 0, family, sentinelAccess, name }
  return { kind: 'sentinel', ...common, ...more, sentinels: sentinels.map(hostPortOf) }
}

function kindOf(options: ValkeyStoreOptions): keyof typeof KINDS {
  for (const name of Object.keys(options)) {
    const hint = HINTS.get(name)
    if (hint) throw configError(`valkeyStore has no option ${name}: ${hint}`)
    if (!NAMES.includes(name))
      throw configError(`valkeyStore.${name} is not an option: give one of ${NAMES.join(', ')}`)
  }
  const defined = Object.entries(options).filter(([, value]) => value !== undefined)
  const [kind, ...more] = defined.map(([name]) => name).filter((name) => Object.hasOwn(KINDS, name))
  if (!kind || more.length)
    throw configError('valkeyStore takes exactly one of url, client, nodes and sentinels')
  const unusable = defined.find(
    ([name]) => name !== kind && !KINDS[kind as keyof typeof KINDS].includes(name),
  )?.[0]
  if (unusable && kind === 'client')
    throw configError(
      `valkeyStore.${unusable} has no effect on your own client: set it where you make the client`,
    )
  if (unusable) throw configError(`valkeyStore.${unusable} cannot be combined with ${kind}`)
  return kind as keyof typeof KINDS
}

function checkValues(options: ValkeyStoreOptions): void {
  const { lazyConnect = false, connectTimeout = 2_000, database = 0 } = options
  if (typeof lazyConnect !== 'boolean') throw configError('valkeyStore.lazyConnect: give true or false')
  if (!Number.isSafeInteger(connectTimeout) || connectTimeout < 1)
    throw configError('valkeyStore.connectTimeout: give a whole number of milliseconds')
  if (!Number.isSafeInteger(database) || database < 0)
    throw configError('valkeyStore.database: give a number')
  for (const name of ['username', 'password', 'sentinelUsername', 'sentinelPassword', 'name'] as const)
    if (options[name] !== undefined && typeof options[name] !== 'string')
      throw configError(`valkeyStore.${name} must be a string`)
}

function clientTarget({ client }: ValkeyStoreOptions): Target {
  return { kind: 'client', client: acceptedClient(client), database: 0 }
}

type Credentials = {
  readonly [Name in 'username' | 'password' | 'tls']?: ValkeyStoreOptions[Name] | undefined
}

/** Options take precedence over what the URLs contain. */
function accessOf(options: Credentials, addresses: readonly ParsedAddress[]): Access {
  const username = options.username ?? addresses.find((each) => each.username)?.username
  const password = options.password ?? addresses.find((each) => each.password)?.password
  const secure = new Set(addresses.map((each) => each.secure).filter((each) => each !== undefined))
  if (secure.size > 1) throw configError('valkeyStore: some URLs use TLS and some do not')
  if (options.tls && secure.has(false)) throw configError('valkeyStore.tls needs a valkeys:// url')
  const tls = options.tls === true ? {} : (options.tls ?? (secure.has(true) ? {} : undefined))
  return { ...(username && { username }), ...(password && { password }), ...(tls && { tls }) }
}

function familyOf(addresses: readonly ParsedAddress[]): AddressFamily {
  const [family = 0, ...more] = new Set(addresses.map((each) => each.family ?? 0))
  if (more.length) throw configError('valkeyStore: the URLs have different families')
  return family
}

function hostPortOf({ host, port }: ParsedAddress): { host: string; port: number } {
  return { host, port }
}

function configError(message: string): CacheError {
  return new CacheError('LARDER_CONFIG', message)
}
