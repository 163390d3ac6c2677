import {
  FRESH,
  type Cluster as OwnCluster,
  repeatWhenBusy,
  type Sentinels,
  startCluster,
  startSentinels,
  valkeyUrl,
} from '@larder/testing'
import { type ValkeyStoreOptions, valkeyStore } from '@larder/valkey'
import { Redis as IoRedis, Cluster as IoRedisCluster } from 'ioredis'
import { Cluster, Redis } from 'iovalkey'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connectTo, until } from '../support/server.ts'
import { createPlace, join, type Member, recordOf, type SharedPlace } from '../support/server-members.ts'

repeatWhenBusy()

/** What is promised of push, in milliseconds. */
const BOUND = 1_000

let database: Redis
let place: SharedPlace
const members: Member[] = []
const clients: { disconnect(): void }[] = []

beforeAll(async () => {
  database = connectTo(await valkeyUrl())
})
afterAll(() => database.disconnect())
beforeEach(() => {
  place = createPlace(database)
})
afterEach(async () => {
  await Promise.all(members.splice(0).map(({ cache }) => cache.close()))
  for (const client of clients.splice(0)) client.disconnect()
  await database.unlink(place.name)
})

const fromMemory = async ({ read }: Member, id = 1): Promise<boolean> => (await read(id)).source === 'memory'

/** A pushing member hits from memory, and another's write ends that within the bound. */
async function pushes(options: string | ValkeyStoreOptions, write: ValkeyStoreOptions | string = options) {
  const reader = await join(place, options, 'push')
  const writer = await join(place, write, 'off')
  members.push(reader, writer)
  for (const value of ['a', 'b', 'c']) {
    await until(() => fromMemory(reader))
    await writer.write(1, value)
    const returned = performance.now()
    let last = returned
    await until(async () => {
      const began = performance.now()
      if ((await reader.read(1)).value === value) return true
      last = began
      return false
    })
    expect(last - returned).toBeLessThan(BOUND)
  }
}

describe('the feed is opened next to the user’s own client', () => {
  const closeAfterwards = <C extends { disconnect(): void }>(client: C): C => {
    clients.push(client)
    return client
  }
  const address = async () => (await valkeyUrl()).replace(/^valkey:/, 'redis:')
  const quiet = { enableOfflineQueue: false } as const

  it.each([
    ['iovalkey', async () => new Redis(await address(), quiet)],
    ['ioredis, which speaks RESP3', async () => new IoRedis(await address(), quiet)],
    [
      'ioredis with a prefix and changed reply types',
      async () => new IoRedis(await address(), { ...quiet, keyPrefix: 'p:', replyMapping: 'resp3' }),
    ],
    ['a client that queues and resends commands', async () => new Redis(await address())],
  ])('%s', async (_, make) => {
    const client = closeAfterwards(await make())
    await pushes({ client: client as never }, await valkeyUrl())
  })

  it('the feed ends with the store, and the user’s client stays open', async () => {
    const client = closeAfterwards(new Redis(await address(), { ...quiet, db: 3 }))
    const store = valkeyStore({ client })
    await store.ping()
    store.open?.({ namespace: place.name, follow: true, warn() {}, ready() {}, changed() {}, paused() {} })
    const feeds = async (): Promise<number> => {
      const lines = String(await database.client('LIST')).split('\n')
      return lines.filter((line) => line.includes(' db=3 ') && line.includes('name=larder-feed')).length
    }
    await until(async () => (await feeds()) === 1)
    await store.close()
    await until(async () => (await feeds()) === 0)
    expect(await client.ping()).toBe('PONG')
  })
})

describe('the feed in a Cluster', () => {
  let cluster: OwnCluster
  beforeAll(async () => {
    cluster = await startCluster({ replicas: 1 })
  })
  afterAll(() => cluster?.stop())

  const hosts = () => cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }))
  const nodes = (): ValkeyStoreOptions => ({ nodes: [...cluster.urls] })

  it('receives changes on every primary', async () => {
    const tried = new Set<string>()
    while (tried.size < 3) {
      place = createPlace(database)
      const { id } = await cluster.primaryOf(recordOf(place))
      if (tried.has(id)) continue
      tried.add(id)
      await pushes(nodes())
    }
    const feeds = await Promise.all(
      (await cluster.primaries()).map(async (primary) =>
        String(await primary.call('CLIENT', 'LIST')).includes('name=larder-feed'),
      ),
    )
    expect(feeds).toEqual([true, true, true])
  })

  it.each([
    ['iovalkey', () => new Cluster(hosts())],
    ['ioredis, which speaks RESP3', () => new IoRedisCluster(hosts())],
  ])('is opened next to the user’s own Cluster client: %s', async (_, make) => {
    const client = make()
    clients.push(client)
    await pushes({ client: client as never }, nodes())
  })

  it('ends the leases of a slot that moves, and receives changes on its new node', async () => {
    const [reader, writer] = [await join(place, nodes(), 'push'), await join(place, nodes(), 'off')]
    members.push(reader, writer)
    await until(() => fromMemory(reader))
    const from = await cluster.primaryOf(recordOf(place))
    const to = (await cluster.primaries()).find(({ id }) => id !== from.id)!
    const migration = await cluster.migrateSlot(await cluster.slotOf(recordOf(place)), to)
    await migration.finish()
    await writer.write(1, 'there')
    const from1 = performance.now() + BOUND
    await until(() => performance.now() > from1)
    expect((await reader.read(1)).value, FRESH).toBe('there')
    await until(() => fromMemory(reader))
    await writer.write(1, 'again')
    await until(async () => (await reader.read(1)).value === 'again', BOUND)
  })

  it('follows a failover', async () => {
    const [reader, writer] = [await join(place, nodes(), 'push'), await join(place, nodes(), 'off')]
    members.push(reader, writer)
    await until(() => fromMemory(reader))
    const primary = await cluster.primaryOf(recordOf(place))
    const [replica] = await cluster.replicasOf(primary)
    await cluster.failover(replica!)
    await writer.write(1, 'after')
    await until(async () => (await reader.read(1)).value === 'after', 3 * BOUND)
    await until(() => fromMemory(reader))
    await writer.write(1, 'again')
    await until(async () => (await reader.read(1)).value === 'again', BOUND)
    expect(String(await replica!.call('CLIENT', 'LIST'))).toContain('name=larder-feed')
  })
})

describe('the feed under Sentinel', () => {
  let set: Sentinels
  beforeAll(async () => {
    set = await startSentinels()
  })
  afterAll(() => set?.stop())

  it('receives changes on the primary, and on the next one after a failover', async () => {
    const options: ValkeyStoreOptions = { sentinels: [...set.addresses], name: set.name }
    await pushes(options)
    const old = await set.primary()
    await until(() => set.sentinels[0]!.call('SENTINEL', 'FAILOVER', set.name).then(() => true))
    await until(async () => (await set.primary()) !== old)
    await until(() => fromMemory(members[0]!))
    await pushes(options)
  })

  it('reports min-replicas-to-write 0', async () => {
    const store = valkeyStore({ sentinels: [...set.addresses], name: set.name })
    const events: string[] = []
    store.open?.({
      namespace: place.name,
      follow: false,
      warn: (code) => void events.push(code),
      ready() {},
      changed() {},
      paused() {},
    })
    await store.ping()
    await until(() => events.includes('valkey-min-replicas'))
    await store.close()
  })
})
