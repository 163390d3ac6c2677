import { setTimeout as wait } from 'node:timers/promises'
import {
  type Cluster,
  type OwnServer,
  repeatWhenBusy,
  type Sentinels,
  sized,
  startCluster,
  startSentinels,
  startServer,
  storeContract,
  until,
  valkeyUrl,
} from '@larder/testing'
import { type ValkeyStore, type ValkeyStoreOptions, valkeyStore } from '@larder/valkey'
import { Redis as IoRedis, Cluster as IoRedisCluster } from 'ioredis'
import { Redis as IoRedis5 } from 'ioredis-5'
import { Redis, Cluster as RedisCluster } from 'iovalkey'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { nodeRedis, type OtherClient } from './support/node-redis.ts'

repeatWhenBusy()

// About servers as tests have them: no limit of memory, replicas that may be missing.
beforeEach(() => void vi.spyOn(process, 'emitWarning').mockImplementation(() => {}))

const pass = (ms: number): Promise<void> => wait(ms)
/** For what differs in its client only, or its topology, from a store that keeps the full contract here. */
const extent = sized('short', 'full')
const open = async (options: string | ValkeyStoreOptions): Promise<ValkeyStore> => {
  const store = valkeyStore(options)
  await store.ping()
  return store
}

storeContract('valkeyStore', async () => open(await valkeyUrl()), { pass, pauses: 'shared' })

describe('with the user’s own client', () => {
  const clients: { disconnect(): void }[] = []
  const used = async (client: Redis | IoRedis | IoRedis5): Promise<ValkeyStore> => {
    clients.push(client)
    return open({ client })
  }
  const adapted = async ({ client, close }: OtherClient): Promise<ValkeyStore> => {
    clients.push({ disconnect: close })
    return open({ client })
  }
  afterAll(() => {
    for (const client of clients) client.disconnect()
  })
  const address = async () => (await valkeyUrl()).replace(/^valkey:/, 'redis:')
  storeContract('iovalkey', async () => used(new Redis(await address(), quiet)), { pass, extent })
  storeContract('ioredis 5', async () => used(new IoRedis5(await address(), quiet)), { pass, extent })
  storeContract('ioredis 6 (RESP3)', async () => used(new IoRedis(await address(), quiet)), { pass, extent })
  // The store warns of those who queue.
  const quiet = { enableOfflineQueue: false } as const
  const other = { replyMapping: 'resp3', stringNumbers: true, enableAutoPipelining: true } as const
  storeContract(
    'ioredis with changed reply types',
    async () => used(new IoRedis(await address(), { ...quiet, ...other })),
    { pass, extent },
  )
  storeContract('node-redis', async () => adapted(await nodeRedis(await address())), { pass, extent })
})

describe('on one node of a Cluster', () => {
  // It has every key and still refuses any command or script that touches two slots.
  let node: OwnServer
  beforeAll(async () => {
    node = await startServer(['--cluster-enabled', 'yes'])
    await node.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    await until(async () => String(await node.call('CLUSTER', 'INFO')).includes('cluster_state:ok'))
    await expect(node.call('MGET', 'a', 'b')).rejects.toThrow(/CROSSSLOT/)
  })
  afterAll(() => node.stop())

  storeContract('valkeyStore(url)', () => open(node.url), { pass, extent })

  it('the node refuses a script that touches two slots, so the contract proves that no script does', async () => {
    const store = await open(node.url)
    const cells = ['{one}:k=1', '{two}:k=1']
    await expect(store.seed([{ record: '{one}', fields: [], cells }], 1_000)).rejects.toThrow(
      /CROSSSLOT|slot/,
    )
    await store.close()
  })
})

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
    pauses: 'shared',
  })
  storeContract('an iovalkey Cluster', async () => used(new RedisCluster(addresses())), { pass, extent })
  storeContract('an ioredis Cluster', async () => used(new IoRedisCluster(addresses())), { pass, extent })
})

describe('on the primary that Sentinels name', () => {
  let set: Sentinels
  beforeAll(async () => {
    set = await startSentinels()
  })
  afterAll(() => set.stop())
  storeContract('valkeyStore({ sentinels })', () => open({ sentinels: set.addresses, name: set.name }), {
    pass,
    pauses: 'shared',
    extent,
  })
})
