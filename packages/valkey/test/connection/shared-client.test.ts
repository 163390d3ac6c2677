import { createCache } from '@larder/core'
import { type Cluster, repeatWhenBusy, startCluster, valkeyUrl } from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import { Redis as IoRedis } from 'ioredis'
import { Redis, Cluster as RedisCluster } from 'iovalkey'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

repeatWhenBusy()

const MANY = 12
const quiet = { enableOfflineQueue: false, maxRetriesPerRequest: 0 }

interface Heard {
  eventNames(): readonly (string | symbol)[]
  listenerCount(name: string): number
  getMaxListeners(): number
}

const counts = (client: Heard): Record<string, number> =>
  Object.fromEntries(client.eventNames().map((name) => [String(name), client.listenerCount(String(name))]))

describe.each([
  { name: 'iovalkey', make: (url: string) => new Redis(url, quiet) },
  { name: 'ioredis', make: (url: string) => new IoRedis(url, quiet) },
])('many caches on one client of $name', ({ make }) => {
  it('add one listener per event, cause no warning, and leave the client unchanged', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const client = make(await valkeyUrl())
    await new Promise((resolve) => client.once('ready', resolve))
    const [before, most] = [counts(client), client.getMaxListeners()]
    const caches = Array.from({ length: MANY }, (_, number) =>
      createCache({ store: valkeyStore({ client }), namespace: `shared-${number}` }),
    )
    for (const cache of caches) expect(await cache.wrap('a', { ttl: '1s' }, async () => 1)).toBe(1)
    expect(client.getMaxListeners()).toBe(most)
    for (const [event, count] of Object.entries(counts(client)))
      expect(count - (before[event] ?? 0), event).toBeLessThanOrEqual(1)
    await Promise.all(caches.slice(1).map((cache) => cache.close()))
    // The last one still hears its client.
    await caches[0]?.wrap('b', { ttl: '1s' }, async () => 1)
    expect(client.listenerCount('close')).toBe((before.close ?? 0) + 1)
    await caches[0]?.close()
    expect(counts(client)).toEqual(before)
    expect(warned.mock.calls.filter(([message]) => /listener/i.test(String(message)))).toEqual([])
    warned.mockRestore()
    client.disconnect()
  })
})

describe('many caches on one Cluster', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster({ replicas: 0 })
  })
  afterAll(() => cluster.stop())

  it('add one listener per event to it and to its nodes, and remove them', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const client = new RedisCluster(cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })))
    await new Promise((resolve) => client.once('ready', resolve))
    const all = [client, ...client.nodes('master')]
    const before = all.map(counts)
    const stores = Array.from({ length: MANY }, () => valkeyStore({ client }))
    await Promise.all(stores.map((store) => store.ping()))
    for (const [at, each] of all.entries())
      for (const [event, count] of Object.entries(counts(each)))
        expect(count - (before[at]?.[event] ?? 0), event).toBeLessThanOrEqual(event === 'error' ? 2 : 1)
    await Promise.all(stores.map((store) => store.close()))
    for (const [at, each] of all.entries()) {
      const { error: _errors, ...others } = counts(each)
      const { error: _before, ...othersBefore } = before[at] as Record<string, number>
      expect(others).toEqual(othersBefore)
    }
    expect(warned.mock.calls.filter(([message]) => /listener/i.test(String(message)))).toEqual([])
    warned.mockRestore()
    client.disconnect()
  })
})
