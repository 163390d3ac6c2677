import { Redis } from 'iovalkey'
import type { ValkeyClient } from './client.ts'
import { type Failure, failures } from './failure.ts'
import type { Target } from './options.ts'

/** A client, ours or the user's, and what goes with it. */
export interface Connection {
  readonly client: ValkeyClient
  readonly failure: Failure
  /** The database our client asked for; 0 for a client of the user's, which chose its own. */
  readonly database: number
  /** Ends the connection, if it is ours. */
  close(): void
}

/**
 * How long a socket may owe an answer before it is given up with all its commands. Longer than any deadline of the
 * engine's. In place of `commandTimeout`, which sets a timer per command and costs a hit a third of its time.
 */
const SOCKET_TIMEOUT = 3_000
const RETRY_STEP = 50
const RETRY_MOST = 1_000

export function connect(target: Target): Connection {
  if ('client' in target) {
    warn(target.client)
    return { client: target.client, failure: failures('valkey', []), database: 0, close: () => {} }
  }
  const { address, tls, lazyConnect, connectTimeout } = target
  const { host, port, username, password, database } = address
  const client = new Redis({
    host,
    port,
    // Either family, whichever the name has; the client's own fallback would change it between attempts.
    family: 0,
    familyFallback: { enabled: false },
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    db: database,
    ...(address.secure && { tls: { ...tls } }),
    lazyConnect,
    connectTimeout,
    socketTimeout: SOCKET_TIMEOUT,
    // A command that cannot be sent now fails now: the engine has somewhere else to go.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    enableAutoPipelining: true,
    connectionName: 'larder',
    maxLoadingRetryTime: RETRY_MOST,
    retryStrategy: (times) => Math.min(times * RETRY_STEP, RETRY_MOST),
    // A primary that became a replica keeps its connections: only a new one finds the new primary.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  })
  // Without a listener the client writes its errors to the console, those of its last moments too.
  client.on('error', () => {})
  return {
    client,
    failure: failures(`valkey at ${host.includes(':') ? `[${host}]` : host}:${port}`, [
      password,
      password && encodeURIComponent(password),
    ]),
    database,
    close: () => client.disconnect(),
  }
}

const warned = new WeakSet<ValkeyClient>()

/** The port has no events, and nobody listens yet while a store is made: a process warning is seen. */
function warn(client: ValkeyClient): void {
  if (warned.has(client)) return
  warned.add(client)
  const { enableOfflineQueue, keyPrefix } = client.options ?? {}
  const tell = (message: string): void => process.emitWarning(message, { code: 'LARDER_VALKEY_CLIENT' })
  if (enableOfflineQueue !== false)
    tell(
      'the client given to valkeyStore queues commands while it is not connected, so queries wait for a server that is down until their deadline: make it with enableOfflineQueue: false',
    )
  if (keyPrefix)
    tell(
      'the client given to valkeyStore has a keyPrefix: processes with another prefix do not see each other’s writes. Leave it out; createCache({ namespace }) keeps caches apart',
    )
}
