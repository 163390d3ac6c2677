import { Redis, type RedisOptions } from 'iovalkey'
import type { ValkeyClient } from './client.ts'
import { type Failure, failures } from './failure.ts'
import type { ServerTarget } from './options.ts'

/** A client, ours or the user's, and what goes with it. */
export interface Connection {
  readonly client: ValkeyClient
  /** Where it leads, for errors. */
  readonly name: string
  readonly failure: Failure
  /** The database our client asked for; 0 for a client of the user's, which chose its own. */
  readonly database: number
  /** Ends the connection, if it is ours. */
  close(): void
}

/**
 * How long a socket may owe an answer before it is given up with all its commands. Longer than any deadline of the
 * engine's. In place of `commandTimeout`, which sets a timer per command.
 */
const SOCKET_TIMEOUT = 3_000
const RETRY_STEP = 50
const RETRY_MOST = 1_000

/** Options of every connection of our own. */
export function safeOptions(connectTimeout: number): RedisOptions {
  return {
    // Either family, whichever the name has; the client's own fallback would change it between attempts.
    family: 0,
    familyFallback: { enabled: false },
    connectTimeout,
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

export function retryStrategy(times: number): number {
  return Math.min(times * RETRY_STEP, RETRY_MOST)
}

export function connect({ address, tls, lazyConnect, connectTimeout }: ServerTarget): Connection {
  const { host, port, username, password, database } = address
  const client = new Redis({
    ...safeOptions(connectTimeout),
    host,
    port,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    db: database,
    ...(address.secure && { tls: { ...tls } }),
    lazyConnect,
  })
  // Without a listener the client writes its errors to the console, those of its last moments too.
  client.on('error', () => {})
  const name = `${host.includes(':') ? `[${host}]` : host}:${port}`
  return {
    client,
    name,
    failure: failures(`valkey at ${name}`, [password, password && encodeURIComponent(password)]),
    database,
    close: () => client.disconnect(),
  }
}
