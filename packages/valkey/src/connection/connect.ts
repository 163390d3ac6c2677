import { Cluster, Redis, type RedisOptions } from 'iovalkey'
import type { ValkeyClient, ValkeyCluster } from './client.ts'
import { type Failure, failures } from './failure.ts'
import type { Access, ClusterTarget, Place, SentinelTarget, ServerTarget } from './target.ts'

/** A client, ours or the user's, and what goes with it. */
export interface Connection {
  readonly client: ValkeyClient
  /** Where it leads, for errors. */
  readonly name: string
  readonly failure: Failure
  /** Ends the connection, if it is ours. */
  close(): void
}

/** The same for a Cluster. */
export interface ClusterConnection {
  readonly cluster: ValkeyCluster
  /** Errors that come from a place: a node's `host:port`, or nothing. */
  readonly failureAt: (name?: string) => Failure
  close(): void
}

/**
 * How long a socket may owe an answer before it is given up with all its commands. Longer than any deadline of the
 * engine's. In place of `commandTimeout`, which sets a timer per command.
 */
const SOCKET_TIMEOUT = 3_000
const RETRY_STEP = 50
/** How long one node of a cluster is waited for when it is asked for the slots (ms). */
const SLOTS_TIMEOUT = 1_000
const RETRY_MOST = 1_000

export function connect(target: ServerTarget): Connection {
  return connection(
    new Redis({ ...ownOptions(target), host: target.host, port: target.port }),
    textOf(target),
    failures(`valkey at ${textOf(target)}`, secretsOf(target)),
  )
}

/** The primary that the sentinels name, whichever it is when a connection is made. */
export function connectBySentinels(target: SentinelTarget): Connection {
  const { asking, name, natMap, tls } = target
  const client = new Redis({
    ...ownOptions(target),
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
    sentinelRetryStrategy: retryStrategy,
  })
  const where = `${name} (of the sentinels at ${target.sentinels.map(textOf).join(', ')})`
  return connection(client, where, failures(`valkey ${where}`, secretsOf(target, asking)))
}

export function connectCluster(target: ClusterTarget): ClusterConnection {
  const { seeds, natMap, lazyConnect, connectTimeout } = target
  const cluster = new Cluster([...seeds], {
    lazyConnect,
    clusterRetryStrategy: retryStrategy,
    enableOfflineQueue: false,
    // It would leave the whole cluster when one shard is lost.
    enableReadyCheck: false,
    // One that hangs is not waited for: the others know the slots, too.
    slotsRefreshTimeout: Math.min(connectTimeout, SLOTS_TIMEOUT),
    // Names stay names: TLS certificates are made out to them, and an address may change.
    dnsLookup: target.dnsLookup ?? ((name, callback) => callback(null, name)),
    ...(natMap && { natMap }),
    redisOptions: ownOptions(target),
  })
  cluster.on('error', () => {})
  const where = seeds.map(textOf).join(', ')
  return {
    cluster,
    failureAt: (name) =>
      failures(name ? `valkey at ${name}` : `valkey cluster of ${where}`, secretsOf(target)),
    close: () => cluster.disconnect(),
  }
}

function connection(client: Redis, name: string, failure: Failure): Connection {
  // Without a listener the client writes its errors to the console, those of its last moments too.
  client.on('error', () => {})
  return { client, name, failure, close: () => client.disconnect() }
}

/** Options of every connection of our own. */
function ownOptions(target: ServerTarget | ClusterTarget | SentinelTarget): RedisOptions {
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
    retryStrategy,
    // A primary that became a replica keeps its connections: only a new one finds the new primary.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  }
}

/** How long until the next attempt, in milliseconds. */
export function retryStrategy(times: number): number {
  return Math.min(times * RETRY_STEP, RETRY_MOST)
}

function textOf({ host, port }: Place): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function secretsOf(...all: readonly Access[]): readonly (string | undefined)[] {
  return all.flatMap(({ password }) => [password, password && encodeURIComponent(password)])
}
