import { CacheError } from '@larder/core'

/** IP versions that a host name may resolve to: 4, 6, or 0 for either. */
export type AddressFamily = 0 | 4 | 6

/** Where one server is, and the credentials for it. */
export interface Address {
  readonly host: string
  readonly port: number
  readonly secure: boolean
  readonly database: number
  readonly family: AddressFamily
  readonly username?: string
  readonly password?: string
}

const SCHEMES = new Map([
  ['valkey:', false],
  ['redis:', false],
  ['valkeys:', true],
  ['rediss:', true],
])
const SHAPE = 'valkey://[user:password@]host[:port][/database][?family=0], or valkeys:// for TLS'

/**
 * Parses a server's URL. IPv6 hosts are in brackets; user and password are percent-encoded.
 * @throws CacheError `LARDER_CONFIG`. The message contains nothing of the URL but its scheme: the rest may be secret.
 */
export function parseUrl(text: unknown): Address {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined
  if (!url) throw configError('is not a URL (a /, # or @ in the password must be percent-encoded)')
  const secure = SCHEMES.get(url.protocol)
  if (secure === undefined) throw configError(`begins with ${url.protocol}`)
  if (!url.hostname) throw configError('has no host')
  if (url.hash) throw configError('has a # part, which is not supported')
  const database = /^\/?(\d{0,5})\/?$/.exec(url.pathname)
  if (!database) throw configError('has a path that is not a database number')
  const username = decoded(url.username)
  const password = decoded(url.password)
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port ? Number(url.port) : 6379,
    secure,
    database: Number(database[1]),
    family: familyIn(url.searchParams),
    ...(username && { username }),
    ...(password && { password }),
  }
}

/** Some hosting services append `family=0` for ioredis. The parameter is not named, because it may be part of a password. */
function familyIn(parameters: URLSearchParams): AddressFamily {
  const [first, ...more] = parameters
  if (!first) return 0
  const [name, value] = first
  if (more.length || name !== 'family' || !['0', '4', '6'].includes(value))
    throw configError('has a ? part other than family=0, family=4 or family=6')
  return Number(value) as AddressFamily
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw configError('has an invalid percent-encoding in its user or password (write a plain % as %25)')
  }
}

function configError(why: string): CacheError {
  return new CacheError('LARDER_CONFIG', `the url given to valkeyStore ${why}: give ${SHAPE}`)
}
