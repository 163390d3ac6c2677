import type { ValkeyClient, ValkeyCluster } from './client.ts'
import type { ClusterConnection, Connection } from './connect.ts'
import { failures } from './failure.ts'
import type { Warnings } from './warnings.ts'

const warned = new WeakSet<object>()

/** A client of the user's: used as it is, and told about. */
export function givenClient(client: ValkeyClient, warnings: Warnings): Connection {
  const { enableOfflineQueue, keyPrefix } = client.options ?? {}
  warn(client, warnings, [enableOfflineQueue !== false && OFFLINE_QUEUE, keyPrefix && KEY_PREFIX])
  const { host = '', port = '' } = client.options ?? {}
  const name = `${host}:${port}`
  const address = host ? `valkey at ${name}` : 'valkey'
  return { client, name, address, failure: failures(address, []), close: () => {} }
}

/** A Cluster of the user's. Its offline queue does not matter: nothing is given to it that it could queue. */
export function givenCluster(cluster: ValkeyCluster, warnings: Warnings): ClusterConnection {
  const { scaleReads = 'master', keyPrefix } = cluster.options ?? {}
  warn(cluster, warnings, [scaleReads !== 'master' && SCALE_READS, keyPrefix && KEY_PREFIX])
  const address = 'valkey cluster'
  const failureAt = (name?: string) => failures(name ? `valkey at ${name}` : address, [])
  return { cluster, address, failureAt, close: () => {} }
}

function warn(client: object, { tell }: Warnings, messages: readonly unknown[]): void {
  if (warned.has(client)) return
  warned.add(client)
  for (const message of messages) if (typeof message === 'string' && message) tell('valkey-client', message)
}

const OFFLINE_QUEUE =
  'the client given to valkeyStore keeps commands while it is not connected, and sends them again afterwards: queries then wait for a server that is down until their deadline. Make it with enableOfflineQueue: false, autoResendUnfulfilledCommands: false and maxRetriesPerRequest: 0'
const KEY_PREFIX =
  'the keyPrefix of the client given to valkeyStore has no effect on Larder’s keys: processes with another prefix would not see each other’s writes. createCache({ namespace }) keeps caches apart'
const SCALE_READS =
  'scaleReads of the Cluster given to valkeyStore has no effect on Larder: replicas lag behind, so it reads from primaries only'
