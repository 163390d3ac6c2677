import type { ConnectionOptions } from 'node:tls'
import type { ValkeyClient, ValkeyCluster } from './client.ts'

/** One of several servers: a URL, or where it is. */
export type NodeAddress = string | { readonly host: string; readonly port?: number }

/** Where a server is reached whose own address is `key`, as `host:port`. */
export type NatMap =
  | Readonly<Record<string, { readonly host: string; readonly port: number }>>
  | ((key: string) => { readonly host: string; readonly port: number } | null)

/** Options of `valkeyStore`. Give `url`, `nodes`, `sentinels`, or a `client` of your own. */
export interface ValkeyStoreOptions {
  /** `valkey://[user:password@]host[:port][/database]`; `valkeys://` for TLS; `redis://` and `rediss://` mean the same. */
  url?: string
  /** Some nodes of a Cluster, as URLs or addresses; the others are found. */
  nodes?: readonly NodeAddress[]
  /** Sentinels, as URLs or addresses, and the `name` of the primary they know. */
  sentinels?: readonly NodeAddress[]
  name?: string
  /**
   * A connected iovalkey or ioredis client, or Cluster. It stays yours: `close` leaves it open. It should be made with
   * `enableOfflineQueue: false` and no `keyPrefix`; others are used with a warning.
   */
  client?: ValkeyClient | ValkeyCluster
  /** ACL user and password of the servers, where they do not stand in the URL. */
  username?: string
  password?: string
  /** ACL user and password of the sentinels. */
  sentinelUsername?: string
  sentinelPassword?: string
  /** Options of `node:tls`, such as `ca` or `servername`. `{}` or `true` asks for TLS where no `valkeys://` URL does. */
  tls?: ConnectionOptions | true
  /** The same for the sentinels, which need not use TLS when the servers do. */
  sentinelTls?: ConnectionOptions | true
  /** Database number, where it does not stand in the URL. A Cluster has only 0. */
  database?: number
  /** Addresses of Cluster nodes, or of a Sentinel's primary, as they are reached from here. */
  natMap?: NatMap
  /** How names of Cluster nodes become addresses. Default: they stay names, which TLS certificates need. */
  dnsLookup?: DnsLookup
  /** Connect at the first query (or `ping`) instead of at once. Default false. */
  lazyConnect?: boolean
  /** Longest a connection attempt may take, in milliseconds. Default 2000. */
  connectTimeout?: number
}

/** As `lookup` of `node:dns` without options. */
export type DnsLookup = (
  hostname: string,
  callback: (error: Error | null, address: string, family?: number) => void,
) => void
