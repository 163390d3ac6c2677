import type { ConnectionOptions } from 'node:tls'
import type { ServerClient, ValkeyCluster } from './client.ts'
import type { DnsLookup, NatMap } from './store-options.ts'
import type { AddressFamily } from './url.ts'

/** Credentials for a server, and its TLS settings. */
export interface Access {
  readonly username?: string
  readonly password?: string
  /** Absent: no TLS. */
  readonly tls?: ConnectionOptions
}

export interface HostPort {
  readonly host: string
  readonly port: number
}

interface Common extends Access {
  readonly database: number
  readonly family: AddressFamily
  readonly lazyConnect: boolean
  readonly connectTimeout: number
  readonly natMap?: NatMap
}

export interface ServerTarget extends Common, HostPort {
  readonly kind: 'server'
}

export interface ClusterTarget extends Common {
  readonly kind: 'cluster'
  readonly seeds: readonly HostPort[]
  readonly dnsLookup?: DnsLookup
}

export interface SentinelTarget extends Common {
  readonly kind: 'sentinel'
  readonly name: string
  readonly sentinels: readonly HostPort[]
  /** For the Sentinels themselves. */
  readonly sentinelAccess: Access
}

export interface ClientTarget {
  readonly kind: 'client'
  readonly client: ServerClient | ValkeyCluster
  readonly database: 0
}

/** Validated options. */
export type Target = ServerTarget | ClusterTarget | SentinelTarget | ClientTarget
