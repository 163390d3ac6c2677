import type { ValkeyClient } from '../connection/client.ts'
import type { Pauses } from '../connection/pauses.ts'
import type { FeedClient } from './tracking.ts'

/** The method of iovalkey's and ioredis' clients that is used here. */
interface Copied {
  duplicate(settings: Readonly<Record<string, unknown>>): FeedClient
}

/**
 * A second client for the server of `original`, not connected yet. Address, TLS and credentials are those of the original;
 * all other behaviour is set here.
 * @param connectionName names it on the server.
 */
export function feedClientOf(
  original: ValkeyClient,
  pauses: Pauses,
  connectionName = 'larder-feed',
): FeedClient {
  return (original as unknown as Copied).duplicate({
    lazyConnect: true,
    connectionName,
    // Each of these could resolve a command on a later connection, or late.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    enableAutoPipelining: false,
    enableReadyCheck: false,
    commandTimeout: undefined,
    readOnly: false,
    monitor: false,
    // The newest ioredis defaults to RESP3, where notifications are other messages.
    protocol: 2,
    replyMapping: 'legacy',
    stringNumbers: false,
    reconnectOnError: null,
    // A client of a Cluster never retries by itself. This one does until it is closed.
    retryStrategy: pauses.next,
    // Larder's keys have no prefix, whatever the original client adds to its own.
    keyPrefix: '',
  })
}
