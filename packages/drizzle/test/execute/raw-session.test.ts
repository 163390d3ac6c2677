import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { ContractDb, DriverDatabase } from '../contract/driver.ts'
import { populate, reset } from '../contract/rows.ts'
import { pglite } from '../drivers/pglite.ts'

const t = pglite.schema
let database: DriverDatabase
let base: ContractDb
beforeAll(async () => {
  database = await pglite.start()
  base = await database.db()
})
afterAll(() => database.stop())
beforeEach(async () => {
  await reset(base, t)
  await populate(base, t)
})

it('raw SQL that only sets or explains keeps cached reads, and raw SQL that runs a write does not', async () => {
  const cache = createCache()
  const db = drizzleCache(base, { cache, schema: t, tables: { '*': { ttl: '1h' } } } as never)
  const unknown: unknown[] = []
  cache.on('unknown-write', (event) => void unknown.push(event))
  const source = async () => {
    const { reads } = await cache.explain(() => db.select().from(t.posts))
    return reads[0]?.source
  }
  await source()
  await db.transaction(async (tx) => {
    await tx.execute(sql.raw('lock table blog_post in share mode'))
  })
  for (const text of ['listen news', 'vacuum blog_post', 'explain delete from blog_post'])
    await db.execute(sql.raw(text))
  expect(await source()).toBe('memory')
  expect(unknown).toEqual([])
  await db.execute(sql.raw('explain analyze delete from blog_post where id = 1'))
  expect(await source()).toBe('database')
})
