import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { type Cache, createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { type OwnServer, startServer, until } from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PrismaClient } from '../prisma/generated/client/client.ts'
import { cachedClient } from './cached.ts'
import { startPostgresDatabase, type TestDatabase } from './databases.ts'
import { type StockDb, schema, stock } from './drizzle/stock.ts'
import { setting } from './settings.ts'

// A store that stops answering, beside transactions that hold connections and row locks meanwhile.

const TRANSACTIONS = 30
const CONNECTIONS = 5
/** What a transaction may take longer than without a cache, in milliseconds. */
const PROMISED = 150
/** For a machine that is busy with something else. Before, six rounds of transactions waited two seconds each. */
const SLACK = 1_500
const TIMES = 3
const silentFor = setting('LARDER_SILENT_SECONDS', 4) * 1_000

/** One ORM's way to do the same. */
interface Orm {
  transaction(
    body: (write: (id: number, version: number) => Promise<unknown>) => Promise<void>,
  ): Promise<unknown>
  write(id: number, version: number): Promise<unknown>
  read(id: number): Promise<number | undefined>
}

let database: TestDatabase
let server: OwnServer
const caches: Cache[] = []
/** What the pools of the drivers say of connections that the database ended. */
let ended: string[]

beforeEach(async () => {
  database = await startPostgresDatabase(CONNECTIONS)
  server = await startServer()
  const [{ name } = {}] = await database.run('SELECT current_database() AS name')
  // Of connections opened from now on. Before, a transaction stood idle for two seconds.
  await database.run(`ALTER DATABASE "${name}" SET idle_in_transaction_session_timeout = '1500ms'`)
  const rows = Array.from({ length: TRANSACTIONS }, (_, at) => `(${at + 1}, 's${at}', 'w', 0, now())`)
  await database.run(
    `INSERT INTO inventory_stock (id, sku, warehouse, version, updated_at) VALUES ${rows.join()}`,
  )
  ended = []
})
afterEach(async () => {
  server.resume()
  await Promise.all(caches.splice(0).map((cache) => cache.close()))
  await database.stop()
  await server.stop()
})

function cacheOver(url: string): Cache {
  const cache = createCache({ store: valkeyStore(url), namespace: 'hung', memory: { mode: 'off' } })
  for (const event of ['warning', 'store-error', 'store-state'] as const) cache.on(event, () => {})
  caches.push(cache)
  return cache
}

const orms: Readonly<Record<string, (cache: Cache | undefined) => Orm>> = {
  prisma(cache) {
    const base = database.client().client
    const client = cache ? (cachedClient(base, { cache }).client as unknown as PrismaClient) : base
    const on = (db: Pick<PrismaClient, 'stock'>) => (id: number, version: number) =>
      db.stock.update({ where: { id }, data: { version } })
    return {
      // Prisma's own limits are for machines that do nothing else.
      transaction: (body) => client.$transaction((tx) => body(on(tx)), { maxWait: 8_000, timeout: 10_000 }),
      write: (id, version) => on(client)(id, version),
      read: async (id) => (await client.stock.findUnique({ where: { id } }))?.version,
    }
  },
  drizzle(cache) {
    const pool = database.pool()
    pool.options.connectionTimeoutMillis = 8_000
    pool.on('error', (error) => ended.push(error.message))
    const plain: StockDb = drizzle(pool, { schema })
    const db = cache ? drizzleCache(plain, { cache, tables: { stock: { ttl: '1h' } } }) : plain
    const on = (tx: Pick<StockDb, 'update'>) => (id: number, version: number) =>
      tx.update(stock).set({ version }).where(eq(stock.id, id))
    return {
      transaction: (body) => db.transaction((tx) => body(on(tx))),
      write: (id, version) => on(db)(id, version),
      read: async (id) => (await db.select().from(stock).where(eq(stock.id, id)))[0]?.version,
    }
  },
}

interface Run {
  readonly rejected: readonly string[]
  /** Of the slowest, from the call to the end, in milliseconds. */
  readonly longest: number
}

/** @param at when the store stops: before, between or after the statements of the first one that gets there. */
async function thirty({ transaction }: Orm, version: number, at: string, stop: () => void): Promise<Run> {
  let stopped = false
  const reach = (point: string): void => {
    if (point !== at || stopped) return
    stopped = true
    stop()
  }
  const one = async (id: number): Promise<number> => {
    const began = performance.now()
    await transaction(async (write) => {
      await write(id, -version)
      await wait(10)
      reach('during')
      await write(id, version)
      reach('after')
    })
    return performance.now() - began
  }
  reach('before')
  const ids = Array.from({ length: TRANSACTIONS }, (_, index) => index + 1)
  const results = await Promise.allSettled(ids.map(one))
  return {
    rejected: results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : [])),
    longest: Math.max(...results.map((result) => (result.status === 'fulfilled' ? result.value : 0))),
  }
}

const atMost = ({ longest }: Run): number => TIMES * longest + PROMISED + SLACK

describe.each(Object.keys(orms))('thirty transactions of %s on five connections', (name) => {
  const orm = orms[name] as (cache: Cache | undefined) => Orm

  it.each(['before', 'during', 'after'])(
    'none fails or is held up by a store that stops %s their statements, and nothing old is read when it is back',
    { timeout: 60_000 },
    async (at) => {
      const [cache, other] = [cacheOver(server.url), cacheOver(server.url)]
      const [plain, cached, reader] = [orm(undefined), orm(cache), orm(other)]
      const states: string[] = []
      cache.on('store-state', ({ state }) => states.push(state))
      const warm = { rejected: [], longest: expect.any(Number) }
      expect(await thirty(plain, 1, '', () => {})).toEqual(warm)
      expect(await thirty(cached, 2, '', () => {})).toEqual(warm)
      const bare = await thirty(plain, 3, '', () => {})
      await cached.write(1, 3)
      for (let id = 1; id <= TRANSACTIONS; id++) await reader.read(id)
      const hung = await thirty(cached, 4, at, server.pause)
      expect(hung.rejected).toEqual([])
      expect(hung.longest).toBeLessThan(atMost(bare))
      // Longer than any mark may take.
      await wait(1_500)
      const later = await thirty(cached, 5, '', () => {})
      expect(later.rejected).toEqual([])
      expect(later.longest).toBeLessThan(atMost(bare))
      expect(ended).toEqual([])
      expect(states.at(-1)).toBe('unavailable')
      server.resume()
      await recovered(() => states.at(-1) === 'ready', [cached, reader], 5)
    },
  )

  it('none fails or is held up by an endpoint that has never answered', { timeout: 120_000 }, async () => {
    const hole = await blackHole()
    try {
      const [plain, cached] = [orm(undefined), orm(cacheOver(hole.url))]
      await thirty(plain, 1, '', () => {})
      const bare = await thirty(plain, 2, '', () => {})
      const until = performance.now() + silentFor
      for (let version = 3; performance.now() < until; version++) {
        const run = await thirty(cached, version, '', () => {})
        expect(run.rejected).toEqual([])
        expect(run.longest).toBeLessThan(atMost(bare))
        expect(await cached.read(1)).toBe(version)
      }
      expect(ended).toEqual([])
    } finally {
      hole.close()
    }
  })
})

/**
 * Waits until the writer's journal has been sent, and reads every row twice. Whether the second time is a hit depends on
 * marks that the store executed late: those expire after 30 s.
 */
async function recovered(ready: () => boolean, readers: readonly Orm[], version: number): Promise<void> {
  await until(async () => ready(), 20_000)
  for (let time = 0; time < 2; time++)
    for (const { read } of readers)
      for (let id = 1; id <= TRANSACTIONS; id++) expect(await read(id)).toBe(version)
}

/** Takes connections and says nothing. */
async function blackHole(): Promise<{ readonly url: string; close(): void }> {
  const sockets = new Set<Socket>()
  const hole: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  }).listen(0, '127.0.0.1')
  await once(hole, 'listening')
  const { port } = hole.address() as { port: number }
  return {
    url: `valkey://127.0.0.1:${port}`,
    close() {
      hole.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
