import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { prismaCache } from '@larder/prisma'
import { createDatabase, type Database, postgresUrl } from '@larder/testing'
import { PrismaPg } from '@prisma/adapter-pg'
import { drizzle as overPool } from 'drizzle-orm/node-postgres'
import { pgTable, text } from 'drizzle-orm/pg-core'
import { drizzle as overPostgresJs } from 'drizzle-orm/postgres-js'
import pg from 'pg'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { PrismaClient } from '../../prisma/generated/client/client.ts'
import { datamodel } from '../../prisma/generated/larder.ts'

// One database has a schema per tenant. Only the options of the connections tell the tenants apart.

const TENANTS = ['tenant_1', 'tenant_2'] as const
const tags = pgTable('blog_tags', { name: text().primaryKey() })

let database: Database
beforeAll(async () => {
  database = await createDatabase(await postgresUrl())
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  for (const tenant of TENANTS)
    await client.query(`CREATE SCHEMA ${tenant}; CREATE TABLE ${tenant}.blog_tags (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
      INSERT INTO ${tenant}.blog_tags (name) VALUES ('${tenant}')`)
  await client.end()
})
afterAll(() => database.drop())

const models = { '*': { ttl: '1m' } } as const

it('Prisma separates tenants by the schema given to the adapter', async () => {
  const cache = createCache()
  const read = TENANTS.map((schema) => {
    const base = new PrismaClient({ adapter: new PrismaPg({ connectionString: database.url }, { schema }) })
    onTestFinished(() => base.$disconnect())
    const client = base.$extends(prismaCache({ cache, datamodel, database: 'shop', models }))
    return () => client.tag.findMany({ select: { name: true } })
  })
  for (const round of [1, 2])
    for (const [at, readTenant] of read.entries())
      expect(await readTenant(), `${round}`).toEqual([{ name: TENANTS[at] }])
  expect(cache.stats()).toMatchObject({ hits: 2, misses: 2 })
})

it('Drizzle over a pool separates tenants by the search path of its connections', async () => {
  const cache = createCache()
  const read = TENANTS.map((tenant) => {
    const pool = new pg.Pool({ connectionString: database.url, options: `-c search_path=${tenant}` })
    pool.on('error', () => {})
    onTestFinished(() => pool.end())
    const db = drizzleCache(overPool(pool, { schema: { tags } }), { cache, database: 'shop', tables: models })
    return async () => await db.select().from(tags)
  })
  for (const round of [1, 2])
    for (const [at, readTenant] of read.entries())
      expect(await readTenant(), `${round}`).toEqual([{ name: TENANTS[at] }])
})

it('Drizzle over postgres-js separates tenants by the search path of its connections', async () => {
  const cache = createCache()
  const read = TENANTS.map((tenant) => {
    const client = postgres(database.url, { connection: { search_path: tenant }, max: 1 })
    onTestFinished(() => client.end())
    const db = drizzleCache(overPostgresJs(client, { schema: { tags } }), {
      cache,
      database: 'shop',
      tables: models,
    })
    return async () => await db.select().from(tags)
  })
  for (const round of [1, 2])
    for (const [at, readTenant] of read.entries())
      expect(await readTenant(), `${round}`).toEqual([{ name: TENANTS[at] }])
})
