import { CacheError } from '@larder/core'

/** Where one server is and how to sign in. */
export interface Address {
  readonly host: string
  readonly port: number
  readonly secure: boolean
  readonly database: number
  readonly username?: string
  readonly password?: string
}

const SCHEMES = new Map([
  ['valkey:', false],
  ['redis:', false],
  ['valkeys:', true],
  ['rediss:', true],
])
const SHAPE = 'valkey://[user:password@]host[:port][/database], or valkeys:// for TLS'

/**
 * Reads a server's URL. IPv6 hosts stand in brackets; user and password are percent-encoded.
 * @throws CacheError `LARDER_CONFIG`. No message repeats any of the URL but its scheme: the rest may be a secret.
 */
export function parseUrl(text: unknown): Address {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined
  if (!url) throw refused('is not a URL (is a /, # or @ in the password not percent-encoded?)')
  const secure = SCHEMES.get(url.protocol)
  if (secure === undefined) throw refused(`begins with ${url.protocol}`)
  if (!url.hostname) throw refused('names no host')
  if (url.search || url.hash) throw refused('has a ? or # part, which nobody would read')
  const database = /^\/?(\d{0,5})\/?$/.exec(url.pathname)
  if (!database) throw refused('has a path that is no database number')
  const username = decoded(url.username)
  const password = decoded(url.password)
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port ? Number(url.port) : 6379,
    secure,
    database: Number(database[1]),
    ...(username && { username }),
    ...(password && { password }),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw refused('has a % in its user or password that encodes nothing (a plain % is written %25)')
  }
}

function refused(why: string): CacheError {
  return new CacheError('LARDER_CONFIG', `the url given to valkeyStore ${why}: give ${SHAPE}`)
}
