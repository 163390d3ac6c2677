import { Cluster, Redis, type RedisOptions } from 'iovalkey'
import type { ServerClient, ValkeyCluster } from './client.ts'
import { ignoreErrors } from './client-events.ts'
import { type Failure, failures } from './failure.ts'
import { createPauses, type Pauses } from './pauses.ts'
import type { Access, ClusterTarget, HostPort, SentinelTarget, ServerTarget } from './target.ts'

/** A client, the store's or the user's, and what goes with it. */
export interface Connection {
  readonly client: ServerClient
  /** Where it leads, for errors. */
  readonly name: string
  /** Where it leads, for messages. */
  readonly address: string
  readonly failure: Failure
  /** Closes the connection, if the store opened it. */
  close(): void
  /** Call it when the server has answered. Absent if the client is the user's. */
  onCheckPassed?(): void
  /** Drops the connection and asks the Sentinels for the primary. Absent without Sentinels. */
  reconnect?(): void
}

/** The same for a Cluster. */
export interface ClusterConnection {
  readonly cluster: ValkeyCluster
  /** Where it is, for messages. */
  readonly address: string
  /** Errors with the place they come from: a node's `host:port`, or none. */
  readonly failureAt: (name?: string) => Failure
  close(): void
}

/**
 * How long a reply may be overdue before the socket is closed with all its commands (ms). Longer than any deadline of the
 * engine. Used instead of `commandTimeout`, which sets a timer per command.
 */
const SOCKET_TIMEOUT = 3_000
/** How long one node of a Cluster may take to return the slots (ms). */
const SLOTS_TIMEOUT = 1_000

export function connect(target: ServerTarget): Connection {
  const pauses = createPauses()
  const client = new Redis({ ...ownOptions(target, pauses), host: target.host, port: target.port })
  const name = textOf(target)
  const address = `valkey at ${name}`
  return connection(client, pauses, { name, address, failure: failures(address, secretsOf(target)) })
}

/** Connects to the primary that the Sentinels name at the time of each connection. */
export function connectBySentinels(target: SentinelTarget): Connection {
  const { sentinelAccess: asking, name, natMap, tls } = target
  const pauses = createPauses()
  const client = new Redis({
    ...ownOptions(target, pauses),
    sentinels: [...target.sentinels],
    name,
    role: 'master',
    ...(natMap && { natMap }),
    ...(tls && { enableTLSForSentinelMode: true }),
    ...(asking.username && { sentinelUsername: asking.username }),
    ...(asking.password && { sentinelPassword: asking.password }),
    ...(asking.tls && { sentinelTLS: asking.tls }),
    // A Sentinel that hangs is skipped: the others know the primary, too.
    sentinelCommandTimeout: target.connectTimeout,
    sentinelRetryStrategy: retryPause,
  })
  const where = `${name} (of the sentinels at ${target.sentinels.map(textOf).join(', ')})`
  const address = `valkey ${where}`
  const failure = failures(address, secretsOf(target, asking))
  return {
    ...connection(client, pauses, { name: where, address, failure }),
    // An orderly close would wait for the server, which hangs.
    reconnect: () => client.stream.destroy(),
  }
}

export function connectCluster(target: ClusterTarget): ClusterConnection {
  const { seeds, natMap, lazyConnect, connectTimeout } = target
  const cluster = new Cluster([...seeds], {
    lazyConnect,
    clusterRetryStrategy: retryPause,
    enableOfflineQueue: false,
    // The check would disconnect from the whole Cluster when one shard is lost.
    enableReadyCheck: false,
    // A node that hangs is skipped: the others know the slots, too.
    slotsRefreshTimeout: Math.min(connectTimeout, SLOTS_TIMEOUT),
    // Host names are kept: TLS certificates are issued for them, and addresses may change.
    dnsLookup: target.dnsLookup ?? ((name, callback) => callback(null, name)),
    ...(natMap && { natMap }),
    // Connections of nodes do not retry: the Cluster makes new ones.
    redisOptions: ownOptions(target, createPauses()),
  })
  ignoreErrors(cluster)
  const address = `valkey cluster of ${seeds.map(textOf).join(', ')}`
  return {
    cluster,
    address,
    failureAt: (name) => failures(name ? `valkey at ${name}` : address, secretsOf(target)),
    close: () => cluster.disconnect(),
  }
}

function connection(
  client: Redis,
  { connectionServed: proven }: Pauses,
  about: Pick<Connection, 'name' | 'address' | 'failure'>,
): Connection {
  // Including those it emits after it was closed.
  ignoreErrors(client)
  return { client, ...about, onCheckPassed: proven, close: () => client.disconnect() }
}

/** Options of every connection that the store opens. */
function ownOptions(target: ServerTarget | ClusterTarget | SentinelTarget, pauses: Pauses): RedisOptions {
  const { username, password, tls, database, family, lazyConnect, connectTimeout } = target
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: { ...tls } }),
    ...(database > 0 && { db: database }),
    ...(target.kind !== 'cluster' && { lazyConnect }),
    connectTimeout,
    // By default IPv4 or IPv6, whichever the name resolves to. The client's own fallback would change it between attempts.
    family,
    familyFallback: { enabled: false },
    socketTimeout: SOCKET_TIMEOUT,
    // A command that cannot be sent now must fail now, so that the query goes to the database.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // The checks ask more, and the client would print a warning about a server that refuses INFO.
    enableReadyCheck: false,
    connectionName: 'larder',
    retryStrategy: pauses.next,
    // A primary that becomes a replica keeps its connections. Only a new connection finds the new primary.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  }
}

/** How long until Sentinels, or the nodes of a Cluster, are asked again when none of them answered (ms). */
function retryPause(times: number): number {
  return Math.min(times * 50, 1_000)
}

function textOf({ host, port }: HostPort): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function secretsOf(...all: readonly Access[]): readonly (string | undefined)[] {
  return all.flatMap(({ password }) => [password, password && encodeURIComponent(password)])
}
