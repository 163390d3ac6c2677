import { type OwnServer, repeatWhenBusy, startServer, storeContract, until, valkeyUrl } from '@larder/testing'
import type { ValkeyStore } from '@larder/valkey'
import { Redis as IoRedis } from 'ioredis'
import { Redis as IoRedis5 } from 'ioredis-5'
import { Redis } from 'iovalkey'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { nodeRedis, type OtherClient } from './support/node-redis.ts'
import { extent, open, pass } from './support/store-contract.ts'

repeatWhenBusy()

// About servers as tests have them: no limit of memory, replicas that may be missing.
beforeEach(() => void vi.spyOn(process, 'emitWarning').mockImplementation(() => {}))

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
