import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis'
import { Redis as IoRedis } from 'ioredis'
import { Redis as IoValkey } from 'iovalkey'
import { cacheAside } from './cache-aside.ts'
import { type Mode, nameOf, openCache, otherReads } from './caches.ts'
import type { Server } from './server.ts'
import { type Item, openShop } from './shop.ts'

/** One way to read items by id through a server. */
export interface Reader {
  readonly name: string
  read(id: number): Promise<unknown>
  /** Begins to count the reads that are no hits. */
  begin(): () => number
  close(): Promise<void>
}

/** What is read. */
export interface Reading {
  /** In the names of its keys. */
  readonly label: string
  readonly tables: 1 | 3
  load(id: number): Promise<Item>
}

export const BY_HAND = 'by hand, iovalkey'
export const PIPELINED = 'by hand, iovalkey, auto-pipelining'
export const BENTOCACHE = 'bentocache, L1 + L2 + bus, 2 tags'

/** Cache-aside written by hand. One GET whatever the tables: it knows of none. */
export function byHand(
  { url, prefix }: Server,
  { label, load }: Reading,
  client: 'iovalkey' | 'ioredis',
  enableAutoPipelining: boolean,
): Reader {
  const Client = client === 'iovalkey' ? IoValkey : IoRedis
  const redis = new Client(url.replace(/^valkey/, 'redis'), { enableAutoPipelining })
  redis.on('error', () => {})
  return {
    name: `by hand, ${client}${enableAutoPipelining ? ', auto-pipelining' : ''}`,
    read: (id) => cacheAside(redis, `${prefix}:many:${label}:${id}`, () => load(id)),
    begin: () => () => 0,
    close: async () => redis.disconnect(),
  }
}

export async function larder(
  { url, prefix }: Server,
  { label, tables, load }: Reading,
  mode: Mode,
): Promise<Reader> {
  const cache = await openCache({ url, mode, namespace: `${prefix}-${label}-${mode}` })
  const shop = openShop(cache, load)
  return {
    name: nameOf(mode),
    read: tables === 1 ? shop.readItem : shop.readPage,
    begin: () => otherReads(cache),
    close: () => cache.close(),
  }
}

/** As its guide has it for several processes: memory, the server, and a bus that tells of changes. */
export function bentocache({ url, prefix }: Server, { label, load }: Reading): Reader {
  const connect = () => {
    const connection = new IoRedis(url.replace(/^valkey/, 'redis'))
    connection.on('error', () => {})
    return connection
  }
  const [connection, bus] = [connect(), connect()]
  const bento = new BentoCache({
    default: 'store',
    prefix: `${prefix}-${label}`,
    stores: {
      store: bentostore()
        .useL1Layer(memoryDriver({ maxItems: 10_000, maxSize: '64mb' }))
        .useL2Layer(redisDriver({ connection }))
        .useBus(redisBusDriver({ connection: bus.options })),
    },
  })
  return {
    name: BENTOCACHE,
    read: (id) =>
      bento.getOrSet({
        key: String(id),
        ttl: '10m',
        tags: [`item:${id}`, 'owner'],
        factory: () => load(id),
      }),
    begin: () => () => 0,
    async close() {
      await bento.disconnectAll()
      for (const each of [connection, bus]) each.disconnect()
    },
  }
}
