import { type Cluster, repeatWhenBusy, startCluster, storeContract } from '@larder/testing'
import type { ValkeyStore } from '@larder/valkey'
import { Cluster as IoRedisCluster } from 'ioredis'
import { Cluster as RedisCluster } from 'iovalkey'
import { afterAll, beforeAll, beforeEach, describe, vi } from 'vitest'
import { extent, open, pass } from './support/store-contract.ts'

repeatWhenBusy()

// About servers as tests have them: no limit of memory, replicas that may be missing.
beforeEach(() => void vi.spyOn(process, 'emitWarning').mockImplementation(() => {}))

describe('on a Cluster of three primaries with replicas', () => {
  let cluster: Cluster
  const clients: { disconnect(): void }[] = []
  beforeAll(async () => {
    cluster = await startCluster()
  })
  afterAll(async () => {
    for (const client of clients) client.disconnect()
    await cluster.stop()
  })
  const addresses = () => cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }))
  const used = async (client: RedisCluster | IoRedisCluster): Promise<ValkeyStore> => {
    clients.push(client)
    return open({ client })
  }

  storeContract('valkeyStore({ nodes })', () => open({ nodes: cluster.urls.slice(0, 1) }), {
    pass,
    extent,
    pauses: 'shared',
  })
  storeContract('an iovalkey Cluster', async () => used(new RedisCluster(addresses())), { pass, extent })
  storeContract('an ioredis Cluster', async () => used(new IoRedisCluster(addresses())), { pass, extent })
})
