import { createCache } from '@larder/core'
import { type Cluster, repeatWhenBusy, startCluster, valkeyUrl } from '@larder/testing'
import { type ValkeyStore, valkeyStore } from '@larder/valkey'
import { Redis as IoRedis } from 'ioredis'
import { Redis, Cluster as RedisCluster, type RedisOptions } from 'iovalkey'
import { afterAll, beforeAll, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'

repeatWhenBusy()

let warned: MockInstance<typeof process.emitWarning>
beforeEach(() => {
  warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
})
const messages = (): string[] =>
  warned.mock.calls.flatMap(([message, options]) =>
    (options as { code?: string } | undefined)?.code === 'LARDER_VALKEY_CLIENT' ? [String(message)] : [],
  )
const ask = { record: '{larder:settings}', fields: ['list'], cells: ['{larder:settings}:k=1'] }

/** A client whose `keyPrefix` would hide its keys shares them with one that has none. */
async function shares(store: ValkeyStore, plain: ValkeyStore): Promise<void> {
  await Promise.all([store.ping(), plain.ping()])
  const { tags } = await store.seed([ask], 10_000)
  expect((await plain.fetch(undefined, [ask])).tags).toEqual(tags)
  await plain.mark({ ...ask, token: 'w', known: [], lifetime: 5_000 })
  expect((await store.fetch(undefined, [ask])).tags[0]?.cells[0]?.dirty).toBe(true)
  await store.finish({ ...ask, token: 'w', untouched: [], keep: [] })
}

type Options = Pick<RedisOptions, 'keyPrefix' | 'commandTimeout' | 'lazyConnect' | 'enableOfflineQueue'>

describe.each([
  { name: 'iovalkey', make: (url: string, options: Options = {}) => new Redis(url, options) },
  { name: 'ioredis', make: (url: string, options: Options = {}) => new IoRedis(url, options) },
])('a client of $name', ({ make }) => {
  it('with its defaults and a keyPrefix works, emits one warning, and stays open', async () => {
    const url = await valkeyUrl()
    const client = make(url, { keyPrefix: 'mine:', commandTimeout: 1_000 })
    const [store, plain] = [valkeyStore({ client }), valkeyStore(url)]
    await shares(store, plain)
    await Promise.all([store.close(), plain.close()])
    await valkeyStore({ client }).close()
    expect(messages()).toEqual([
      expect.stringContaining('enableOfflineQueue: false'),
      expect.stringContaining('keyPrefix'),
    ])
    expect(await client.ping()).toBe('PONG')
    client.disconnect()
  })

  it('emits a warning event that listeners added after the creation of the cache receive', async () => {
    const client = make(await valkeyUrl())
    const cache = createCache({ store: valkeyStore({ client }) })
    const warned = new Promise((resolve) => cache.on('warning', resolve))
    expect(await warned).toMatchObject({
      code: 'valkey-client',
      message: expect.stringMatching(/OfflineQueue/),
    })
    expect(messages()).toEqual([])
    await cache.close()
    client.disconnect()
  })

  it('that is lazy is connected by the first call', async () => {
    const client = make(await valkeyUrl(), { lazyConnect: true, enableOfflineQueue: false })
    const store = valkeyStore({ client })
    expect(client.status).toBe('wait')
    expect((await store.fetch('larder:e:none', [])).entry).toBeNull()
    await store.close()
    expect(client.status).toBe('ready')
    client.disconnect()
  })
})

describe('a Cluster client', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster({ replicas: 1 })
  })
  afterAll(() => cluster.stop())
  const addresses = () => cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }))

  it('that reads from replicas and has a keyPrefix works, but Larder ignores both and warns', async () => {
    const client = new RedisCluster(addresses(), { scaleReads: 'slave', keyPrefix: 'mine:' })
    const [store, plain] = [valkeyStore({ client }), valkeyStore({ nodes: cluster.urls })]
    await shares(store, plain)
    expect(messages()).toEqual([expect.stringContaining('scaleReads'), expect.stringContaining('keyPrefix')])
    await Promise.all([store.close(), plain.close()])
    await client.set('still', 'open')
    client.disconnect()
  })

  it('whose nodes are reached at other addresses works', async () => {
    const natMap = Object.fromEntries(
      cluster.nodes.map(({ port }) => [`127.0.0.1:${port}`, { host: 'localhost', port }]),
    )
    const store = valkeyStore({ nodes: cluster.urls.slice(0, 1), natMap })
    await store.ping()
    const { tags } = await store.seed([ask], 1_000)
    expect((await store.fetch('larder:e:x', [ask])).tags).toEqual(tags)
    await store.close()
  })
})
