import { type CacheOptions, createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { cachedClient } from '../support/cached-client.ts'
import { startPostgresDatabase, type TestDatabase } from '../support/databases.ts'

// The tables of prisma/schema.prisma as a Drizzle schema.
const people = pgTable('app_user', { id: serial().primaryKey(), mail: text('email').notNull().unique() })
const articles = pgTable('blog_posts', {
  id: serial().primaryKey(),
  title: text().notNull(),
  author: integer('author_id')
    .notNull()
    .references(() => people.id, { onDelete: 'cascade', onUpdate: 'cascade' }),
})
const schema = { people, articles }

let database: TestDatabase
let pool: pg.Pool

beforeAll(async () => {
  database = await startPostgresDatabase()
  const [row] = await database.run('SELECT current_database() AS name')
  const { host, port, user, password } = await database.connect()
  pool = new pg.Pool({
    host,
    port,
    user: user ?? '',
    password: password ?? '',
    database: String(row?.name),
  })
  pool.on('error', () => {})
})
afterAll(async () => {
  await pool.end()
  await database.stop()
})
beforeEach(async () => {
  await database.run('TRUNCATE app_user CASCADE')
  await database.run(
    `INSERT INTO app_user (id, email, updated_at) VALUES (1, 'a@x', now()), (2, 'b@x', now())`,
  )
  await database.run(`INSERT INTO blog_posts (id, title, author_id) VALUES (1, 'p1', 1), (2, 'p2', 2)`)
})

/** @param policies whether the tables have a policy: the value depends on its reads in any case. */
async function start(policies: boolean, options: CacheOptions = {}) {
  const cache = createCache(options)
  const { client: prisma } = cachedClient(database.client().client, {
    cache,
    ...(policies ? {} : { models: {} }),
  })
  const tables = policies ? { '*': { ttl: '1h' } as const } : {}
  const db = drizzleCache(drizzle(pool, { schema }), { cache, tables })
  // Until both have connected, a computed value belongs to this process only.
  await Promise.all([prisma.user.count(), db.$count(articles)])
  let loads = 0
  const page = (id: number) =>
    cache.wrap(['page', id], { ttl: '5m' }, async () => {
      loads++
      const article = await prisma.post.findUnique({ where: { id }, include: { author: true } })
      const more = await db.select({ title: articles.title }).from(articles).where(eq(articles.author, id))
      return { title: article?.title, mail: article?.author.email, more: more.map(({ title }) => title) }
    })
  const loaded = async (id: number) => {
    const before = loads
    const result = await page(id)
    return { result, loads: loads - before }
  }
  return { cache, prisma, db, loaded }
}

describe.each([
  ['with policies', true],
  ['without policies', false],
])('a computed value that reads by Prisma and by Drizzle, %s', (_, policies) => {
  it('is stored until a write by either ORM changes a row that it read', async () => {
    const { prisma, db, loaded } = await start(policies)
    const first = { title: 'p1', mail: 'a@x', more: ['p1'] }
    expect(await loaded(1)).toEqual({ result: first, loads: 1 })
    expect(await loaded(1)).toEqual({ result: first, loads: 0 })

    await prisma.user.update({ where: { id: 1 }, data: { email: 'c@x' } })
    expect(await loaded(1)).toEqual({ result: { ...first, mail: 'c@x' }, loads: 1 })
    expect(await loaded(1)).toMatchObject({ loads: 0 })

    await db.insert(articles).values({ id: 3, title: 'p3', author: 1 })
    expect(await loaded(1)).toEqual({ result: { ...first, mail: 'c@x', more: ['p1', 'p3'] }, loads: 1 })
    expect(await loaded(1)).toMatchObject({ loads: 0 })
  })
})

it('a write to rows that a computed value did not read leaves it alone', async () => {
  const { prisma, db, loaded } = await start(true)
  await loaded(1)
  await prisma.user.update({ where: { id: 2 }, data: { email: 'd@x' } })
  await db.update(articles).set({ title: 'other' }).where(eq(articles.id, 2)).returning()
  expect(await loaded(1)).toMatchObject({ loads: 0 })
})
