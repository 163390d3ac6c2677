import { NodeRedisAdapter } from './adapters/node-redis.ts'
import type { ServerClient, ValkeyCluster } from './client.ts'
import type { ClusterConnection, Connection } from './connect.ts'
import { failures } from './failure.ts'
import type { Warnings } from './warnings.ts'

// One warning per client, however many stores use it.
const warned = new WeakSet<object>()

/** The user's client, used as it is. Warns about options that do not suit a cache. */
export function userClient(client: ServerClient, warnings: Warnings): Connection {
  const { enableOfflineQueue, keyPrefix } = client.options ?? {}
  warn(client, warnings, [
    enableOfflineQueue !== false && (client instanceof NodeRedisAdapter ? NODE_REDIS_QUEUE : OFFLINE_QUEUE),
    keyPrefix && KEY_PREFIX,
  ])
  const { host = '', port = '' } = client.options ?? {}
  const name = `${host}:${port}`
  const address = host ? `valkey at ${name}` : 'valkey'
  return { client, name, address, failure: failures(address, []), close: () => {} }
}

/** The user's Cluster. Its offline queue does not matter, because commands bypass it. */
export function userCluster(cluster: ValkeyCluster, warnings: Warnings): ClusterConnection {
  const { scaleReads = 'master', keyPrefix } = cluster.options ?? {}
  warn(cluster, warnings, [scaleReads !== 'master' && SCALE_READS, keyPrefix && KEY_PREFIX])
  const address = 'valkey cluster'
  const failureAt = (name?: string) => failures(name ? `valkey at ${name}` : address, [])
  return { cluster, address, failureAt, close: () => {} }
}

function warn(client: object, warnings: Warnings, messages: readonly unknown[]): void {
  if (warned.has(client)) return
  warned.add(client)
  for (const message of messages)
    if (typeof message === 'string' && message) warnings.warn('valkey-client', message)
}

const OFFLINE_QUEUE =
  'the client given to valkeyStore queues commands while it is not connected, so queries wait for a server that is down until their deadline. Make the client with enableOfflineQueue: false, autoResendUnfulfilledCommands: false and maxRetriesPerRequest: 0'
const NODE_REDIS_QUEUE =
  'the client given to valkeyStore queues commands while it is not connected, so they may run late. Make the client with disableOfflineQueue: true'
const KEY_PREFIX =
  'the keyPrefix of the client given to valkeyStore has no effect on Larder’s keys, because processes with different prefixes would not see each other’s writes. To separate caches, use createCache({ namespace })'
const SCALE_READS =
  'scaleReads of the Cluster given to valkeyStore has no effect on Larder, which reads from primaries only, because replicas lag behind'
