import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { type Cache, createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import {
  FRESH,
  type OwnServer,
  repeatWhenBusy,
  setting,
  sized,
  startServer,
  sweep,
  until,
} from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PrismaClient } from '../../prisma/generated/client/client.ts'
import { cachedClient } from '../support/cached-client.ts'
import { startPostgresDatabase, type TestDatabase } from '../support/databases.ts'
import { type StockDb, schema, stock } from '../support/drizzle-stock.ts'

repeatWhenBusy()

// The store stops answering while transactions hold connections and row locks.

const TRANSACTIONS = 30
const CONNECTIONS = 5
/** How much longer a transaction may take than without a cache, in milliseconds. */
const PROMISED = 150
/** A busy machine makes some rounds slower than others: the bound scales with what plain transactions took. */
const NOISE = { manyRounds: sized(3, 1.5), oneRound: 3 }
const silentFor = setting('LARDER_SILENT_SECONDS', 3, 60) * 1_000

/** The same operations through one ORM. */
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
/** Messages of pools about connections that the database closed. */
let ended: string[]

beforeEach(async () => {
  database = await startPostgresDatabase(CONNECTIONS)
  server = await startServer()
  const [{ name } = {}] = await database.run('SELECT current_database() AS name')
  // For connections opened from now on. A transaction used to be idle for two seconds here.
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

type OpenOrm = (cache: Cache | undefined) => Promise<Orm>

const orms: Readonly<Record<string, OpenOrm>> = {
  async prisma(cache) {
    const base = database.client().client
    await openConnections(() => base.$queryRaw`SELECT 1 FROM (SELECT pg_sleep(0.05)) AS pause`)
    const client = cache ? (cachedClient(base, { cache }).client as unknown as PrismaClient) : base
    const on = (db: Pick<PrismaClient, 'stock'>) => (id: number, version: number) =>
      db.stock.update({ where: { id }, data: { version } })
    return {
      // Prisma's default limits are too short for a busy machine.
      transaction: (body) => client.$transaction((tx) => body(on(tx)), { maxWait: 30_000, timeout: 30_000 }),
      write: (id, version) => on(client)(id, version),
      read: async (id) => (await client.stock.findUnique({ where: { id } }))?.version,
    }
  },
  async drizzle(cache) {
    const pool = database.pool()
    pool.options.connectionTimeoutMillis = 30_000
    pool.on('error', (error) => ended.push(error.message))
    await openConnections(() => pool.query('SELECT pg_sleep(0.05)'))
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

/** Opens every connection of a pool, so that no measured transaction has to. */
async function openConnections(query: () => PromiseLike<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: CONNECTIONS }, query))
}

interface Run {
  readonly rejected: readonly string[]
  /** How long each transaction took, from the call to its end, in milliseconds. */
  readonly durations: readonly number[]
}

/** @param at when the store stops: before, between or after the statements of the first transaction to get there. */
async function thirty({ transaction }: Orm, version: number, at: string, stop: () => void): Promise<Run> {
  let stopped = false
  const reach = (point: string): void => {
    if (point !== at || stopped) return
    stopped = true
    stop()
  }
  const runTransaction = async (id: number): Promise<number> => {
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
  const results = await Promise.allSettled(ids.map(runTransaction))
  return {
    rejected: results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : [])),
    durations: results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
  }
}

/** The 99th percentile of all transactions of some rounds, in milliseconds. */
function p99(runs: readonly Run[]): number {
  const sorted = runs.flatMap(({ durations }) => durations).sort((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN
}

/** None of the cached transactions failed, and their p99 is at most the promised time above the plain ones'. */
function expectNotHeldUp(cached: readonly Run[], plain: readonly Run[], noise: number): void {
  expect(cached.flatMap(({ rejected }) => rejected)).toEqual([])
  expect(p99(cached)).toBeLessThan(noise * p99(plain) + PROMISED)
}

describe.each(Object.keys(orms))('thirty concurrent transactions of %s on five connections', (name) => {
  const orm = orms[name] as OpenOrm
  const round = (on: Orm, version: number): Promise<Run> => thirty(on, version, '', () => {})

  it.each(sweep(['during', 'before', 'after'], name === 'prisma' ? 3 : 1))(
    'neither fail nor wait longer than promised if the store stops %s their statements, and read no stale row once it is back',
    async (at) => {
      const [cache, other] = [cacheOver(server.url), cacheOver(server.url)]
      const [plain, cached, reader] = [await orm(undefined), await orm(cache), await orm(other)]
      const states: string[] = []
      cache.on('store-state', ({ state }) => states.push(state))
      await round(plain, 1)
      expect((await round(cached, 2)).rejected).toEqual([])
      const plainRuns = [await round(plain, 3)]
      await cached.write(1, 3)
      for (let id = 1; id <= TRANSACTIONS; id++) await reader.read(id)
      const hung = await thirty(cached, 4, at, server.pause)
      // Longer than any mark is waited for.
      await wait(1_500)
      const later = await round(cached, 5)
      plainRuns.push(await round(plain, 5))
      expectNotHeldUp([hung], plainRuns, NOISE.oneRound)
      expectNotHeldUp([later], plainRuns, NOISE.oneRound)
      expect(ended).toEqual([])
      expect(states.at(-1)).toBe('unavailable')
      server.resume()
      await recovered(() => states.at(-1) === 'ready', [cached, reader], 5)
    },
  )

  it('neither fail nor wait longer than promised if the store never answers', async () => {
    const hole = await blackHole()
    try {
      const [plain, cached] = [await orm(undefined), await orm(cacheOver(hole.url))]
      // Compiles the code over a store that answers, before anything is measured.
      await round(plain, 1)
      await round(await orm(cacheOver(server.url)), 2)
      const [plainRuns, cachedRuns]: [Run[], Run[]] = [[], []]
      const until = performance.now() + silentFor
      for (let version = 3; performance.now() < until; version++) {
        plainRuns.push(await round(plain, -version))
        cachedRuns.push(await round(cached, version))
        expect(await cached.read(1), FRESH).toBe(version)
      }
      expectNotHeldUp(cachedRuns, plainRuns, NOISE.manyRounds)
      expect(ended).toEqual([])
    } finally {
      hole.close()
    }
  })
})

/**
 * Waits until the writer's journal has been sent, then reads every row twice. The second read may still be a bypass:
 * marks that the store executed late expire after 30 s.
 */
async function recovered(ready: () => boolean, readers: readonly Orm[], version: number): Promise<void> {
  await until(async () => ready())
  for (let time = 0; time < 2; time++)
    for (const { read } of readers)
      for (let id = 1; id <= TRANSACTIONS; id++) expect(await read(id), FRESH).toBe(version)
}

/** A server that accepts connections and never answers. */
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
