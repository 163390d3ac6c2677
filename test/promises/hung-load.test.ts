import { type Cache, createCache, memoryStore } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { FRESH, repeatWhenBusy, until } from '@larder/testing'
import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import type pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PrismaClient } from '../../prisma/generated/client/client.ts'
import { cachedClient } from '../support/cached-client.ts'
import { startPostgresDatabase, type TestDatabase } from '../support/databases.ts'
import { type StockDb, schema, stock } from '../support/drizzle-stock.ts'

repeatWhenBusy()

// One backend of PostgreSQL hangs in the middle of a read. The table is a view whose first reader waits for an advisory
// lock that the test holds; the readers after it do not.

const JOIN_TIMEOUT = 600
/** For a machine that is busy with something else. */
const SLACK = 1_000
const LOCK = 7_001

interface Orm {
  read(id: number): Promise<number | undefined>
  write(id: number, version: number): Promise<unknown>
}

const policy = { ttl: '1h', joinTimeout: JOIN_TIMEOUT } as const

const orms: Readonly<Record<string, (database: TestDatabase, cache: Cache) => Orm>> = {
  prisma(database, cache) {
    const { client } = cachedClient(database.client().client, { cache, models: { Stock: policy } })
    const db = client as unknown as PrismaClient
    return {
      read: async (id) => (await db.stock.findUnique({ where: { id } }))?.version,
      write: (id, version) => db.stock.update({ where: { id }, data: { version } }),
    }
  },
  drizzle(database, cache) {
    const plain: StockDb = drizzle(database.pool(), { schema })
    const db = drizzleCache(plain, { cache, tables: { stock: policy } })
    return {
      read: async (id) => (await db.select().from(stock).where(eq(stock.id, id)))[0]?.version,
      write: (id, version) => db.update(stock).set({ version }).where(eq(stock.id, id)),
    }
  },
}

let database: TestDatabase
let holder: pg.Client
let cache: Cache

beforeEach(async () => {
  database = await startPostgresDatabase()
  cache = createCache({ store: memoryStore({ isolated: true }) })
  await database.run('ALTER TABLE inventory_stock RENAME TO stock_rows')
  await database.run(`INSERT INTO stock_rows (id, sku, warehouse, version, updated_at)
    VALUES (1, 's1', 'w', 1, now()), (2, 's2', 'w', 1, now())`)
  await database.run(`CREATE FUNCTION first_one_waits() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
    IF pg_try_advisory_xact_lock(${LOCK + 1}) THEN PERFORM pg_advisory_xact_lock_shared(${LOCK}); END IF;
    RETURN true; END $$`)
  await database.run('CREATE VIEW inventory_stock AS SELECT * FROM stock_rows WHERE first_one_waits()')
  holder = await database.connect()
})
afterEach(async () => {
  await release()
  await cache.close()
  await database.stop()
})

const release = (): Promise<unknown> => holder.query('SELECT pg_advisory_unlock_all()')

/** Begins a read whose backend hangs. Resolves when it does. */
async function hang(read: () => Promise<number | undefined>): Promise<Promise<number | undefined>[]> {
  await holder.query(`SELECT pg_advisory_lock(${LOCK})`)
  const hung = read()
  const waiting = `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
  await until(async () => (await database.run(waiting)).length > 0)
  // In an array: an async function would wait for a promise that it returns.
  return [hung]
}

/** The duration of a call in milliseconds, and its result. */
async function timed<T>(call: () => Promise<T>): Promise<{ readonly result: T; readonly ms: number }> {
  const began = performance.now()
  const result = await call()
  return { result, ms: performance.now() - began }
}

describe.each(Object.keys(orms))('a load that hangs in PostgreSQL, through %s', (name) => {
  const open = (): Orm => (orms[name] as (typeof orms)[string])(database, cache)

  it('delays later readers of its key by the join timeout, and they then share one load', async () => {
    const { read } = open()
    const began = performance.now()
    const [hung] = await hang(() => read(1))
    const explained = await Promise.all([1, 1, 1].map((id) => timed(() => cache.explain(() => read(id)))))
    const lasted = performance.now() - began
    for (const { result, ms } of explained) {
      expect(result.result).toBe(1)
      expect(result.reads[0]?.source).toBe('database')
      expect(ms).toBeLessThan(JOIN_TIMEOUT + SLACK)
    }
    // They did wait: the time counts from the beginning of the load that hangs.
    expect(lasted).toBeGreaterThan(JOIN_TIMEOUT - 50)
    expect(explained.filter(({ result }) => result.reads[0]?.shared !== true)).toHaveLength(1)
    await release()
    expect(await hung, FRESH).toBe(1)
  })

  it('does not delay readers of another key, whose reads keep hitting', async () => {
    const { read } = open()
    const [hung] = await hang(() => read(1))
    const other = await timed(() => read(2))
    expect(other.result, FRESH).toBe(1)
    expect(other.ms).toBeLessThan(JOIN_TIMEOUT)
    expect(await read(1), FRESH).toBe(1)
    await until(async () => (await cache.explain(() => read(1))).reads[0]?.source === 'memory')
    await release()
    expect(await hung, FRESH).toBe(1)
  })

  it('leaves no stale entry if it ends after a write that it did not see', async () => {
    const { read, write } = open()
    const [hung] = await hang(() => read(1))
    await write(1, 2)
    expect(await read(1), FRESH).toBe(2)
    await release()
    // It read the row before the write began, and was called before.
    expect(await hung, FRESH).toBe(1)
    for (let time = 0; time < 3; time++) expect(await read(1), FRESH).toBe(2)
  })
})
