import { CacheError } from '@larder/core'
import { isCluster, type ServerClient, type ValkeyClient, type ValkeyCluster } from '../client.ts'
import { canSend } from '../send.ts'
import { NodeRedisAdapter } from './node-redis.ts'
import { isNodeRedis, type NodeRedisClient } from './node-redis-client.ts'

/** The clients that `valkeyStore` accepts. */
export type AcceptedClient = ValkeyClient | ValkeyCluster | NodeRedisClient

/** Stores on the same client share its adapter, so that they add one listener per event. */
const adapters = new WeakMap<object, NodeRedisAdapter>()

/** @throws CacheError `LARDER_CONFIG` for any other object. */
export function acceptedClient(client: unknown): ServerClient | ValkeyCluster {
  if (typeof client !== 'object' || client === null) throw notAccepted()
  if (isNodeRedis(client)) {
    const adapter = adapters.get(client) ?? new NodeRedisAdapter(client)
    adapters.set(client, adapter)
    return adapter
  }
  const ownClient = client as ValkeyClient | ValkeyCluster
  if (
    isCluster(ownClient) ? 'slots' in ownClient : typeof ownClient.status === 'string' && canSend(ownClient)
  )
    return ownClient
  throw notAccepted('customCommand' in client ? GLIDE : '')
}

function notAccepted(more = ''): CacheError {
  return new CacheError(
    'LARDER_CONFIG',
    `valkeyStore.client is not a client that is accepted: iovalkey or ioredis (Redis or Cluster), or node-redis 5 or later (createClient). For anything else, such as a pool, a cluster or a Sentinel client of node-redis, give url, nodes or sentinels instead${more}`,
  )
}

const GLIDE =
  '. A client of Valkey GLIDE reconnects without an event, so Larder could take what a restarted server replies for current'
