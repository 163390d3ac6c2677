import { setTimeout as wait } from 'node:timers/promises'
import { type Cache, createCache } from '@larder/core'
import { valkeyUrl } from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import { createClient, createClientPool, createCluster, createSentinel } from '@redis/client'
import type { Redis } from 'iovalkey'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { nodeRedis, type OtherClient } from '../support/node-redis.ts'
import { connectTo, ownServer, type Server, until } from '../support/server.ts'
import { brief, startLoad } from '../support/server-load.ts'
import {
  allHit,
  createPlace,
  join,
  type Member,
  type Mode,
  valuesOf,
  warm,
} from '../support/server-members.ts'

// About servers as tests have them: no limit of memory.
beforeEach(() => void vi.spyOn(process, 'emitWarning').mockImplementation(() => {}))

let own: Server
let database: Redis
let place: ReturnType<typeof createPlace>
const members: Member[] = []
const clients: OtherClient[] = []
const caches: Cache[] = []
beforeAll(async () => {
  own = await ownServer()
  database = connectTo(await valkeyUrl())
  place = createPlace(database)
})
afterAll(async () => {
  await database.unlink(place.name)
  database.disconnect()
  await own.kill()
})
afterEach(async () => {
  await Promise.all(caches.splice(0).map((cache) => cache.close()))
  await Promise.all(members.splice(0).map(({ cache }) => cache.close()))
  for (const { close } of clients.splice(0)) close()
  await database.unlink(place.name)
  place = createPlace(database)
})

/** A process with a store on a client of node-redis, or on a URL. */
async function member(mode: Mode, adapted = true): Promise<Member> {
  const made = adapted ? await nodeRedis(own.url) : undefined
  if (made) clients.push(made)
  const joined = await join(place, made ? { client: made.client } : own.url, mode)
  members.push(joined)
  return joined
}

it('no read is stale while three processes read and write', async () => {
  const all = [await member('off'), await member('push'), await member('validate', false)]
  const load = startLoad(all, [1, 2, 3, 4], { writes: 10 })
  await load.hits(100)
  await load.stop()
  expect(load.rejected).toEqual([])
  expect(brief(load.stale())).toEqual([])
})

it('no read is stale two seconds after the server was killed and started again', async () => {
  const all = [await member('validate'), await member('off', false)]
  const load = startLoad(all, [1, 2], { writes: 10 })
  for (let time = 0; time < 3; time++) {
    await load.hits(10)
    await own.restart()
  }
  await load.hits(10)
  await load.stop()
  expect(load.rejected).toEqual([])
  // A process that reconnects later than the others delivers its invalidations then.
  expect(brief(load.stale(() => 2_000))).toEqual([])
})

it('a write while the server is down is seen by all when it is back', async () => {
  const all = [await member('validate'), await member('off', false)]
  await warm(all, '1')
  await own.kill()
  await all[0]?.write(1, '2')
  expect(await valuesOf(all)).toEqual(['2', '2'])
  await own.start()
  await allHit(all)
  expect(await valuesOf(all)).toEqual(['2', '2'])
})

it('after a restart from an old snapshot, nothing of the snapshot is served', async () => {
  const [reader, writer] = [await member('off'), await member('off', false)]
  await warm([reader, writer], '1')
  await own.call('SAVE')
  await writer.write(1, '2')
  // Nobody repeats the invalidation to the new server.
  await writer.cache.close()
  await own.restart()
  const seen = new Set<string | null>()
  for (const end = performance.now() + 1_500; performance.now() < end; await wait(5))
    seen.add((await reader.read(1)).value)
  expect([...seen]).toEqual(['2'])
  await allHit([reader])
})

it('push: hits from memory send no command, and writes of other processes are seen', async () => {
  const [mine, theirs] = [await member('push'), await member('off', false)]
  await warm([mine, theirs], '1')
  const fetches = async (): Promise<number> =>
    Number(/^cmdstat_hmget:calls=(\d+)/m.exec(String(await own.call('INFO', 'commandstats')))?.[1] ?? 0)
  const hitsSilently = async (): Promise<boolean> => {
    const before = await fetches()
    const { source } = await mine.read(1)
    return source === 'memory' && (await fetches()) === before
  }
  await until(hitsSilently)
  await theirs.write(1, '2')
  await until(async () => (await mine.read(1)).value === '2')
  // Its connection is lost, and made again.
  await own.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
  await theirs.write(1, '3')
  await until(async () => (await mine.read(1)).value === '3')
  await until(hitsSilently)
})

it('a process that waits for a load of another is woken by a message', async () => {
  const both = await Promise.all(
    [1, 2].map(async () => {
      const made = await nodeRedis(own.url)
      clients.push(made)
      const cache = createCache({ store: valkeyStore({ client: made.client }), namespace: place.name })
      caches.push(cache)
      return cache
    }),
  )
  let loads = 0
  const page = (cache: Cache) =>
    cache.wrap('page', { ttl: '1m', singleFlight: 'cluster' }, async () => {
      await wait(100)
      return ++loads
    })
  expect(await Promise.all(both.map(page))).toEqual([1, 1])
})

it('several caches on one client, which stays open', async () => {
  const made = await nodeRedis(own.url)
  clients.push(made)
  const several = [1, 2, 3].map((number) =>
    createCache({ store: valkeyStore({ client: made.client }), namespace: `shared-${number}` }),
  )
  for (const cache of several) expect(await cache.wrap('a', { ttl: '1s' }, async () => 1)).toBe(1)
  await Promise.all(several.map((cache) => cache.close()))
  const store = valkeyStore({ client: made.client })
  await store.ping()
  await store.close()
})

it('a client that is connected after the store was made', async () => {
  const client = createClient({ url: own.url.replace('valkey:', 'redis:'), disableOfflineQueue: true })
  client.on('error', () => {})
  clients.push({ client, close: () => client.destroy() })
  const store = valkeyStore({ client })
  await expect(store.fetch('e', [])).rejects.toThrow(/not connected/)
  await client.connect()
  await store.ping()
  await store.close()
  // The store has removed its listeners.
  expect(['ready', 'error', 'end'].map((event) => client.listenerCount(event))).toEqual([0, 1, 0])
})

it('a client that queues commands causes a warning', async () => {
  const { client, close } = await nodeRedis(own.url, { disableOfflineQueue: false })
  clients.push({ client, close })
  const cache = createCache({ store: valkeyStore({ client }) })
  const warned = new Promise((resolve) => cache.on('warning', resolve))
  expect(await warned).toMatchObject({
    code: 'valkey-client',
    message: expect.stringContaining('disableOfflineQueue: true'),
  })
  await cache.close()
})

it.each([
  ['a cluster of node-redis', createCluster({ rootNodes: [{ url: 'redis://127.0.0.1:1' }] })],
  ['a pool of node-redis', createClientPool()],
  ['a Sentinel client of node-redis', createSentinel({ name: 'x', sentinelRootNodes: [] })],
  ['a client of Valkey GLIDE', { customCommand() {}, exec() {} }],
  ['a function', () => {}],
  ['a map', new Map()],
])('%s is refused with what is accepted', (_name, client) => {
  expect(() => valkeyStore({ client: client as never })).toThrow(
    /accepted: iovalkey or ioredis \(Redis or Cluster\), or node-redis 5 or later/,
  )
})
