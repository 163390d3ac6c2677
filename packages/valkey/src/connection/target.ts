import type { ConnectionOptions } from 'node:tls'
import type { ValkeyClient, ValkeyCluster } from './client.ts'
import type { DnsLookup, NatMap } from './store-options.ts'

/** How to sign in to a server, and how to talk to it. */
export interface Access {
  readonly username?: string
  readonly password?: string
  /** Absent: no TLS. */
  readonly tls?: ConnectionOptions
}

export interface Place {
  readonly host: string
  readonly port: number
}

interface Common extends Access {
  readonly database: number
  readonly lazyConnect: boolean
  readonly connectTimeout: number
  readonly natMap?: NatMap
}

export interface ServerTarget extends Common, Place {
  readonly kind: 'server'
}

export interface ClusterTarget extends Common {
  readonly kind: 'cluster'
  readonly seeds: readonly Place[]
  readonly dnsLookup?: DnsLookup
}

export interface SentinelTarget extends Common {
  readonly kind: 'sentinel'
  readonly name: string
  readonly sentinels: readonly Place[]
  /** To the sentinels. */
  readonly asking: Access
}

export interface ClientTarget {
  readonly kind: 'client'
  readonly client: ValkeyClient | ValkeyCluster
  readonly database: 0
}

/** Options, checked. */
export type Target = ServerTarget | ClusterTarget | SentinelTarget | ClientTarget
