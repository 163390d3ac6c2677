import { isAdapted, type ServerClient, type SubscriberClient } from './client.ts'
import type { Pauses } from './pauses.ts'

/** The method of iovalkey's and ioredis' clients that is used here. */
interface CopiedClient {
  duplicate(settings: Readonly<Record<string, unknown>>): SubscriberClient
}

/**
 * A second client for the server of `original`, not connected yet. Address, TLS and credentials are those of the original;
 * all other behaviour is set here.
 * @param connectionName names it on the server.
 */
export function subscriberClientOf(
  original: ServerClient,
  { next }: Pauses,
  connectionName: string,
): SubscriberClient {
  if (isAdapted(original)) return original.createSubscriber(connectionName, next)
  return (original as unknown as CopiedClient).duplicate({
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
    retryStrategy: next,
    // Larder's keys have no prefix, whatever the original client adds to its own.
    keyPrefix: '',
  })
}
