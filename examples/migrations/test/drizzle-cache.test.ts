import { type Cache, createCache } from '@larder/core'
import { createDatabase, type Database, postgresUrl } from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { openPool } from '../src/database.ts'
import { shopAfter } from '../src/drizzle-cache/after.ts'
import { shopBefore } from '../src/drizzle-cache/before.ts'
import { SQL } from '../src/drizzle-cache/schema.ts'
import type { Shop } from '../src/drizzle-cache/shop.ts'
import { type Side, testSituations } from './situations.ts'
import { useTestKeys } from './test-keys.ts'

const keys = useTestKeys()

let database: Database
let admin: pg.Pool
beforeAll(async () => {
  database = await createDatabase(await postgresUrl())
  admin = openPool(database.url, 1)
})
afterAll(async () => {
  await admin.end()
  await database.drop()
})

const caches: Cache[] = []
const pools: pg.Pool[] = []
beforeEach(async () => {
  await admin.query(SQL)
})
afterEach(async () => {
  await Promise.all(caches.splice(0).map((cache) => cache.close()))
  await Promise.all(pools.splice(0).map((pool) => pool.end()))
})

/** One process of the application, before or after. */
function open(side: Side): Shop {
  const pool = openPool(database.url, 2)
  pools.push(pool)
  if (side === 'before') return shopBefore(pool, keys.redis, keys.prefix)
  const cache = createCache({ namespace: keys.prefix, store: valkeyStore(keys.url), finish: 'await' })
  caches.push(cache)
  return shopAfter(pool, cache)
}

/** Every read twice, at the start and after each write. */
async function answers(shop: Shop): Promise<unknown[]> {
  const all: unknown[] = []
  const show = async (): Promise<void> => {
    for (let time = 0; time < 2; time++)
      all.push([await shop.front(), await shop.product(1), await shop.price(2), await shop.ratings()])
  }
  await show()
  await shop.rename(1, 'Green tea')
  await show()
  await shop.review(2, 3)
  await shop.refreshRatings()
  await show()
  await shop.productsChanged()
  await show()
  return all
}

it("a shop on Drizzle's own cache gives the same answers with Larder", async () => {
  const expected = await answers(open('before'))
  await admin.query(SQL)
  expect(await answers(open('after'))).toStrictEqual(expected)
  // Three reads of each of eight rounds can be cached, and the first round and three writes cost loads.
  const { hits, misses } = (caches[0] as Cache).stats()
  expect(hits).toBeGreaterThan(misses)
})

testSituations("Drizzle's own cache", {
  'a read with a subquery, after a write of another process': [
    async (side) => {
      const [mine, theirs] = [open(side), open(side)]
      await mine.reviewed()
      await theirs.review(2, 5)
      return (await mine.reviewed()).length
    },
    1,
    2,
  ],
  'a read after raw SQL of another process': [
    async (side) => {
      const [mine, theirs] = [open(side), open(side)]
      await mine.product(1)
      await theirs.renameAll('!')
      return (await mine.product(1))?.name
    },
    'Tea',
    'Tea!',
  ],
  'a read after a transaction that was rolled back': [
    async (side) => {
      const shop = open(side)
      await shop.failToRename(1, 'Nothing')
      return (await shop.product(1))?.name
    },
    'Nothing',
    'Tea',
  ],
  'a read with autoInvalidate: false, after a write and without a refresh': [
    async (side) => {
      const shop = open(side)
      await shop.ratings()
      await shop.review(2, 5)
      return ((await shop.ratings()) as readonly unknown[]).length
    },
    1,
    2,
  ],
  'two reads under one tag': [async (side) => (await open(side).names()).join(', '), 'Tea, Tea', 'Tea, Jam'],
})
