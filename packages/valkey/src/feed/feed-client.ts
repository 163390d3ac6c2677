import type { ValkeyClient } from '../connection/client.ts'
import type { Pauses } from '../connection/pauses.ts'
import type { FeedClient } from './tracking.ts'

/** What iovalkey's and ioredis' clients have for this. */
interface Copied {
  duplicate(settings: Readonly<Record<string, unknown>>): FeedClient
}

/**
 * A second connection to where a client leads, not connected yet. Address, TLS and credentials are the client's,
 * whoever made it; how it behaves is ours.
 */
export function feedClientOf(original: ValkeyClient, pauses: Pauses): FeedClient {
  return (original as unknown as Copied).duplicate({
    lazyConnect: true,
    connectionName: 'larder-feed',
    // Each of these would answer for a connection that is no longer there, or answer late.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    enableAutoPipelining: false,
    enableReadyCheck: false,
    commandTimeout: undefined,
    readOnly: false,
    monitor: false,
    // The newest ioredis speaks RESP3 unless told otherwise, and hears other messages there.
    protocol: 2,
    replyMapping: 'legacy',
    stringNumbers: false,
    reconnectOnError: null,
    // A client of a Cluster never tries again by itself: this one does until it is closed.
    retryStrategy: pauses.next,
    // Names are Larder's own, whatever the client puts before those of others.
    keyPrefix: '',
  })
}
