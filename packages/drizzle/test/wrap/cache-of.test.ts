import { createCache } from '@larder/core'
import { cached, cacheOf, drizzleCache } from '@larder/drizzle'
import { drizzle } from 'drizzle-orm/node-postgres'
import { expect, it } from 'vitest'
import * as schema from '../contract/schema-pg.ts'

// A stub driver, because only the source of a read matters.
const client = () => ({ query: async () => ({ rows: [] }) }) as never
const wrapped = (pool = client(), cache = createCache()) =>
  drizzleCache(drizzle(pool, { schema }), { cache, tables: { users: { ttl: '1h' } } })

it('the $cache of a db explains and counts reads', async () => {
  const db = wrapped()
  const read = () => db.select().from(schema.users)
  const { result, reads } = await cacheOf(db).explain(read)
  expect(result).toEqual([])
  expect(reads).toMatchObject([{ operation: 'users.select', source: 'database', reason: 'miss' }])
  expect((await cacheOf(db).explain(read)).reads).toMatchObject([{ source: 'memory' }])
  expect(cacheOf(db).stats()).toMatchObject({ reads: 2, hits: 1, models: { users: { hits: 1 } } })
  await db.$cache.invalidate({ tables: schema.users })
  expect((await cacheOf(db).explain(read)).reads).toMatchObject([{ reason: 'invalidated' }])
})

it('cacheOf returns db.$cache, also for cached(db) and for a transaction', async () => {
  const db = wrapped()
  expect(cacheOf(db)).toBe(db.$cache)
  expect(cacheOf(cached(db, false)).stats()).toEqual(cacheOf(db).stats())
  await db.transaction(async (tx) => expect(cacheOf(tx).stats).toBe(cacheOf(db).stats))
  expect(() => cacheOf(drizzle(client(), { schema }))).toThrow(/takes a db that drizzleCache/)
})
