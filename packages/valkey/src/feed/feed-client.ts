import type { ValkeyClient } from '../client.ts'
import type { FeedClient } from './tracking.ts'

const RETRY_STEP = 50
const RETRY_MOST = 1_000

/** A client that can be copied, as iovalkey's and ioredis' own can. */
interface Copied {
  readonly options?: { readonly keyPrefix?: string }
  duplicate?(settings: Readonly<Record<string, unknown>>): FeedClient
}

/** A second connection to where a client leads. `prefix` stands before every name the server says. */
export interface FeedConnection {
  readonly client: FeedClient
  readonly prefix: string
}

/**
 * Not connected yet. Address, TLS and credentials are the client's, whoever made it; how it behaves is ours.
 * Undefined for a client that cannot be copied.
 */
export function feedClientOf(original: ValkeyClient): FeedConnection | undefined {
  const copied = original as unknown as Copied
  if (typeof copied.duplicate !== 'function') return undefined
  const client = copied.duplicate({
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
    reconnectOnError: null,
    // A client of a Cluster never tries again by itself: this one does until it is closed.
    retryStrategy: (times: number) => Math.min(times * RETRY_STEP, RETRY_MOST),
    keyPrefix: '',
  })
  return { client, prefix: copied.options?.keyPrefix ?? '' }
}
