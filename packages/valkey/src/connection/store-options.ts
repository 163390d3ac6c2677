import type { ConnectionOptions } from 'node:tls'
import type { AcceptedClient } from './adapters/accepted.ts'

/** The address of one of several servers: a URL, or host and port (default 6379). */
export type NodeAddress = string | { readonly host: string; readonly port?: number }

/** Translates the address that a server announces (`key`, as `host:port`) to the one it is reached at. */
export type NatMap =
  | Readonly<Record<string, { readonly host: string; readonly port: number }>>
  | ((key: string) => { readonly host: string; readonly port: number } | null)

/** Options of `valkeyStore`. Give exactly one of `url`, `nodes`, `sentinels` and `client`. */
export interface ValkeyStoreOptions {
  /**
   * `valkey://[user:password@]host[:port][/database]`; `valkeys://` for TLS; `redis://` and `rediss://` mean the same.
   * `?family=4` or `?family=6` restricts what the host resolves to; `?family=0`, either one, is the default.
   */
  url?: string
  /** Some nodes of a Cluster, as URLs or addresses. The others are discovered. */
  nodes?: readonly NodeAddress[]
  /** Sentinels, as URLs or addresses. Requires `name`. */
  sentinels?: readonly NodeAddress[]
  /** The name under which the Sentinels know the primary. */
  name?: string
  /**
   * A client of iovalkey or ioredis (also a Cluster), or a connected one of node-redis. It stays yours: `close`
   * leaves it open. Make it without an offline queue and without a `keyPrefix`; otherwise there is a warning.
   */
  client?: AcceptedClient
  /** ACL user of the servers, and `password`, if they are not in the URL. */
  username?: string
  password?: string
  /** ACL user of the Sentinels, and `sentinelPassword`. */
  sentinelUsername?: string
  sentinelPassword?: string
  /** Options of `node:tls`, such as `ca` or `servername`. `{}` or `true` turns TLS on where no `valkeys://` URL does. */
  tls?: ConnectionOptions | true
  /** The same for the Sentinels. They need not use TLS if the servers do. */
  sentinelTls?: ConnectionOptions | true
  /** Database number, if it is not in the URL. A Cluster has only 0. */
  database?: number
  /** Translates addresses of Cluster nodes, or of the primary that Sentinels name, to those they are reached at. */
  natMap?: NatMap
  /** Resolves names of Cluster nodes. Default: names are kept, because TLS certificates are issued for them. */
  dnsLookup?: DnsLookup
  /** Connect at the first query or `ping` instead of at construction. Default `false`. */
  lazyConnect?: boolean
  /** Longest duration of a connection attempt, in milliseconds. Default 2000. */
  connectTimeout?: number
}

/** A function like `lookup` of `node:dns`, without its options. */
export type DnsLookup = (
  hostname: string,
  callback: (error: Error | null, address: string, family?: number) => void,
) => void
