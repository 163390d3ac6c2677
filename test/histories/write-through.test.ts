import { type Cache, createCache, memoryStore } from '@larder/core'
import type { Engine, Transaction } from '@larder/core/host'
import { drizzleCache } from '@larder/drizzle'
import { setting, sized } from '@larder/testing'
import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { afterEach, describe, expect, test } from 'vitest'
import type { PrismaClient } from '../../prisma/generated/client/client.ts'
import { cachedClient } from '../support/cached-client.ts'
import { startPostgresDatabase } from '../support/databases.ts'
import { type StockDb, schema, startStock } from '../support/drizzle-stock.ts'
import { race } from './drizzle-race.ts'
import { race as prismaRace, seedRace } from './prisma-race.ts'
import { createChecker } from './version-checker.ts'

// As in drizzle-histories.test.ts, with rows that are written through: one operation in eight writes.

const operations = setting('LARDER_HISTORY_OPERATIONS', 400, 12_000)
const seed = setting('LARDER_HISTORY_SEED', 1)
const writes = 0.12
const through = { ttl: '1h', write: 'through' } as const

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

/** Two dbs of one database on one cache; only one of them knows that reads are pinned by `warehouse`. */
async function twoDbs(cache: Cache): Promise<readonly StockDb[]> {
  const database = await startStock(8)
  stops.push(database.stop)
  const keyed = { stock: { ...through, lookupKeys: [['warehouse']] } } as const
  return [keyed, { stock: through }].map((tables) =>
    drizzleCache(database.db(), { cache, tables, database: 'shop' }),
  )
}

/** A cache, with the number of rows that were stored for reads to come. */
function counting(cache: Cache): { readonly cache: Cache; stored(): number } {
  let stored = 0
  const attach = (host: Parameters<Cache['attach']>[0]): Engine => {
    const engine = cache.attach(host)
    return {
      ...engine,
      write: ({ through: candidate, ...plan }, transaction) =>
        engine.write(
          {
            ...plan,
            ...(candidate && {
              through: {
                ...candidate,
                reads(result) {
                  const reads = candidate.reads(result)
                  stored += reads.length
                  return reads
                },
              },
            }),
          },
          transaction,
        ),
    }
  }
  return { cache: { ...cache, attach }, stored: () => stored }
}

/** A host whose transactions stand whatever happens in them besides their own writes. */
function trusting(cache: Cache): Cache {
  return {
    ...cache,
    attach(host) {
      const engine = cache.attach(host)
      return {
        ...engine,
        transaction(marking): Transaction {
          const scope = engine.transaction(marking)
          const view = Object.create(Object.getPrototypeOf(scope), Object.getOwnPropertyDescriptors(scope))
          const trust = {
            discardRows() {},
            trackUnknown: <T>(run: () => Promise<T>) => run(),
          } satisfies Partial<Transaction>
          return Object.assign(view, trust)
        },
      }
    },
  }
}

describe("concurrent histories of Drizzle on PostgreSQL with write: 'through'", () => {
  test(`${operations} operations of 6 workers on two dbs never read less than was written or read before`, {
    timeout: 180_000 + operations * 20,
  }, async () => {
    const { cache, stored } = counting(createCache({ store: memoryStore() }))
    const dbs = await twoDbs(cache)
    const { violations, operations: done } = await race({ dbs, workers: 6, operations, seed, writes })
    expect(violations, `LARDER_HISTORY_SEED=${seed}`).toEqual([])
    expect(done).toBeGreaterThanOrEqual(operations)
    const { hits, reads } = cache.stats()
    // Without hits, and rows to be hit, the test would prove nothing.
    expect(hits / reads).toBeGreaterThan(0.1)
    expect(stored()).toBeGreaterThan(operations * writes * 0.4)
  })

  test('workers of Drizzle and Prisma, which both write through, never read less than was written before', async () => {
    const cache = createCache({ store: memoryStore() })
    const database = await startPostgresDatabase(8)
    stops.push(database.stop)
    await seedRace(database)
    await database.run('ALTER TABLE inventory_stock ALTER updated_at SET DEFAULT now()')
    const { host, port, user, password, database: name } = await database.connect()
    const pool = new pg.Pool({
      host,
      port,
      user: user ?? '',
      password: password ?? '',
      database: name,
      max: 8,
    })
    pool.on('error', () => {})
    stops.push(() => pool.end())
    const dbs = [drizzleCache(drizzle(pool, { schema }), { cache, tables: { stock: through } })]
    const models = { '*': { ttl: '1h' }, Stock: through } as const
    const prismaMember = cachedClient(database.client().client, { cache, models })
    const clients = [prismaMember.client as unknown as PrismaClient]
    const checker = createChecker()
    const half = { workers: 3, operations: operations / 2, writes, checker }
    await Promise.all([
      race({ ...half, dbs, seed: seed + 1 }),
      prismaRace({ ...half, cache, clients, seed: seed + 2 }),
    ])
    expect(checker.violations, `LARDER_HISTORY_SEED=${seed}`).toEqual([])
    expect(cache.stats().models.stock?.hits).toBeGreaterThan(sized(0, 50))
    expect(cache.stats().models.Stock?.hits).toBeGreaterThan(sized(0, 50))
  })

  test('the checker finds a host that treats the COMMIT of an aborted transaction as a commit', async () => {
    const dbs = await twoDbs(trusting(createCache({ store: memoryStore() })))
    let staleCount = 0
    for (let round = 0; !staleCount && round < 25; round++)
      staleCount = (await race({ dbs, workers: 8, operations: 200, seed: seed + 3 + round, writes }))
        .violations.length
    expect(staleCount).toBeGreaterThan(0)
  })
})
