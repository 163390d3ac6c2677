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
  /** Counts the reads from now on that are not hits. */
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
export const BENTOCACHE_NO_TAGS = 'bentocache, L1 + L2 + bus, no tags'
export const BENTOCACHE_SHARED = 'bentocache, L1 without serialization + L2 + bus, 2 tags'

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
  const counted = countLoads(load)
  return {
    name: `by hand, ${client}${enableAutoPipelining ? ', auto-pipelining' : ''}`,
    read: (id) => cacheAside(redis, `${prefix}:many:${label}:${id}`, () => counted.load(id)),
    begin: counted.begin,
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

interface BentocacheOptions {
  readonly tags: boolean
  /** Whether its memory stores JSON, which is its default. If not, all callers share one object. */
  readonly serialize: boolean
}

/** Set up as in its guide for several processes: memory, the server, and a bus that announces changes. */
export function bentocache(
  { url, prefix }: Server,
  { label, load }: Reading,
  { tags, serialize }: BentocacheOptions = { tags: true, serialize: true },
): Reader {
  const connect = () => {
    const connection = new IoRedis(url.replace(/^valkey/, 'redis'))
    connection.on('error', () => {})
    return connection
  }
  const [connection, bus] = [connect(), connect()]
  const counted = countLoads(load)
  // It rejects a `maxSize` where it does not serialize.
  const memory = serialize ? { maxSize: '64mb' as const } : { serialize }
  const bento = new BentoCache({
    default: 'store',
    prefix: `${prefix}-${label}-${tags ? 'tags' : 'bare'}-${serialize ? 'json' : 'objects'}`,
    stores: {
      store: bentostore()
        .useL1Layer(memoryDriver({ maxItems: 10_000, ...memory }))
        .useL2Layer(redisDriver({ connection }))
        .useBus(redisBusDriver({ connection: bus.options })),
    },
  })
  return {
    name: serialize ? (tags ? BENTOCACHE : BENTOCACHE_NO_TAGS) : BENTOCACHE_SHARED,
    read: (id) =>
      bento.getOrSet({
        key: String(id),
        ttl: '10m',
        ...(tags && { tags: [`item:${id}`, 'owner'] }),
        factory: () => counted.load(id),
      }),
    begin: counted.begin,
    async close() {
      await bento.disconnectAll()
      for (const each of [connection, bus]) each.disconnect()
    },
  }
}

/** For caches without statistics: a read that loads is not a hit. */
function countLoads(load: Reading['load']): Pick<Reading, 'load'> & Pick<Reader, 'begin'> {
  let loads = 0
  return {
    load(id) {
      loads++
      return load(id)
    },
    begin() {
      const before = loads
      return () => loads - before
    },
  }
}
