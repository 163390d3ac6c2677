import { Cluster, Redis, type RedisOptions } from 'iovalkey'
import type { ValkeyClient, ValkeyCluster } from './client.ts'
import { ignoreErrors } from './client-events.ts'
import { type Failure, failures } from './failure.ts'
import { createPauses, type Pauses } from './pauses.ts'
import type { Access, ClusterTarget, Place, SentinelTarget, ServerTarget } from './target.ts'

/** A client, ours or the user's, and what goes with it. */
export interface Connection {
  readonly client: ValkeyClient
  /** Where it leads, for errors. */
  readonly name: string
  /** The same for people. */
  readonly address: string
  readonly failure: Failure
  /** Ends the connection, if it is ours. */
  close(): void
  /** To be called when the server has answered. Absent where the client is not ours. */
  proven?(): void
  /** Gives the connection up and asks who is the primary now. Absent where there is nobody to ask. */
  seek?(): void
}

/** The same for a Cluster. */
export interface ClusterConnection {
  readonly cluster: ValkeyCluster
  /** Where it is, for people. */
  readonly address: string
  /** Errors that come from a place: a node's `host:port`, or nothing. */
  readonly failureAt: (name?: string) => Failure
  close(): void
}

/**
 * How long a socket may owe an answer before it is given up with all its commands. Longer than any deadline of the
 * engine's. In place of `commandTimeout`, which sets a timer per command.
 */
const SOCKET_TIMEOUT = 3_000
/** How long one node of a cluster is waited for when it is asked for the slots (ms). */
const SLOTS_TIMEOUT = 1_000

export function connect(target: ServerTarget): Connection {
  const pauses = createPauses()
  const client = new Redis({ ...ownOptions(target, pauses), host: target.host, port: target.port })
  const name = textOf(target)
  const address = `valkey at ${name}`
  return connection(client, pauses, { name, address, failure: failures(address, secretsOf(target)) })
}

/** The primary that the sentinels name, whichever it is when a connection is made. */
export function connectBySentinels(target: SentinelTarget): Connection {
  const { asking, name, natMap, tls } = target
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
    // One that hangs is not waited for: the others know, too.
    sentinelCommandTimeout: target.connectTimeout,
    sentinelRetryStrategy: retryPause,
  })
  const where = `${name} (of the sentinels at ${target.sentinels.map(textOf).join(', ')})`
  const address = `valkey ${where}`
  const failure = failures(address, secretsOf(target, asking))
  return {
    ...connection(client, pauses, { name: where, address, failure }),
    // An orderly end would wait for the other side, which hangs.
    seek: () => client.stream.destroy(),
  }
}

export function connectCluster(target: ClusterTarget): ClusterConnection {
  const { seeds, natMap, lazyConnect, connectTimeout } = target
  const cluster = new Cluster([...seeds], {
    lazyConnect,
    clusterRetryStrategy: retryPause,
    enableOfflineQueue: false,
    // It would leave the whole cluster when one shard is lost.
    enableReadyCheck: false,
    // One that hangs is not waited for: the others know the slots, too.
    slotsRefreshTimeout: Math.min(connectTimeout, SLOTS_TIMEOUT),
    // Names stay names: TLS certificates are made out to them, and an address may change.
    dnsLookup: target.dnsLookup ?? ((name, callback) => callback(null, name)),
    ...(natMap && { natMap }),
    // Connections of nodes do not try again: the Cluster makes new ones.
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
  { proven }: Pauses,
  about: Pick<Connection, 'name' | 'address' | 'failure'>,
): Connection {
  // Those of its last moments, too.
  ignoreErrors(client)
  return { client, ...about, proven, close: () => client.disconnect() }
}

/** Options of every connection of our own. */
function ownOptions(target: ServerTarget | ClusterTarget | SentinelTarget, pauses: Pauses): RedisOptions {
  const { username, password, tls, database, lazyConnect, connectTimeout } = target
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: { ...tls } }),
    ...(database > 0 && { db: database }),
    ...(target.kind !== 'cluster' && { lazyConnect }),
    connectTimeout,
    // Either family, whichever the name has; the client's own fallback would change it between attempts.
    family: 0,
    familyFallback: { enabled: false },
    socketTimeout: SOCKET_TIMEOUT,
    // A command that cannot be sent now fails now: the engine has somewhere else to go.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // The watch asks more, and a server that does not let us run INFO would be told about on the console.
    enableReadyCheck: false,
    connectionName: 'larder',
    retryStrategy: pauses.next,
    // A primary that became a replica keeps its connections: only a new one finds the new primary.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  }
}

/** How long until Sentinels, or the nodes of a Cluster, are asked again when none of them answered (ms). */
function retryPause(times: number): number {
  return Math.min(times * 50, 1_000)
}

function textOf({ host, port }: Place): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function secretsOf(...all: readonly Access[]): readonly (string | undefined)[] {
  return all.flatMap(({ password }) => [password, password && encodeURIComponent(password)])
}
