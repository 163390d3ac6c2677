import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgEnum, pgTable, serial, text } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { cachedClient } from '../support/cached-client.ts'
import { startPostgresDatabase, type TestDatabase } from '../support/databases.ts'

// The tables of prisma/schema.prisma as a Drizzle schema: other names, the same physical tables and keys.
const role = pgEnum('user_role', ['administrator', 'member', 'GUEST'])
const people = pgTable('app_user', {
  id: serial().primaryKey(),
  mail: text('email').notNull().unique(),
  name: text(),
  role: role().notNull().default('member'),
})
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
  const connection = await database.connect()
  pool = new pg.Pool({
    host: connection.host,
    port: connection.port,
    user: connection.user ?? '',
    password: connection.password ?? '',
    database: String(row?.name),
  })
  pool.on('error', () => {})
})
afterAll(async () => {
  await pool.end()
  await database.stop()
})

async function start() {
  const cache = createCache()
  const { client: prisma } = cachedClient(database.client().client, { cache })
  const db = drizzleCache(drizzle(pool, { schema }), { cache, tables: { '*': { ttl: '1h' } } })
  const sourceOf = async (fn: () => PromiseLike<unknown>): Promise<string> => {
    const { reads } = await cache.explain(async () => await fn())
    return reads.map(({ source, reason }) => (reason ? `${source} ${reason}` : source)).join(', ')
  }
  return { cache, prisma, db, sourceOf }
}

beforeEach(async () => {
  await database.run('TRUNCATE app_user CASCADE')
  await database.run(
    `INSERT INTO app_user (id, email, updated_at) VALUES (1, 'a@x', now()), (2, 'b@x', now())`,
  )
  await database.run(`INSERT INTO blog_posts (id, title, author_id) VALUES (1, 'p1', 1), (2, 'p2', 2)`)
})

describe('one cache over one database, read and written by Prisma and by Drizzle', () => {
  it('a Prisma write invalidates Drizzle reads of its row and of no other row', async () => {
    const { prisma, db, sourceOf } = await start()
    const articleById = (id: number) => () => db.select().from(articles).where(eq(articles.id, id))
    await articleById(1)()
    await articleById(2)()
    await prisma.post.update({ where: { id: 1 }, data: { title: 'by Prisma' } })
    expect(await articleById(1)()).toMatchObject([{ title: 'by Prisma' }])
    expect(await sourceOf(articleById(2))).toBe('memory')
  })

  it('a Drizzle write invalidates Prisma reads of its row and of no other row', async () => {
    const { prisma, db, sourceOf } = await start()
    const postById = (id: number) => () => prisma.post.findUnique({ where: { id } })
    const byMail = () => prisma.user.findUnique({ where: { email: 'a@x' } })
    for (const read of [postById(1), postById(2), byMail]) await read()
    await db.update(articles).set({ title: 'by Drizzle' }).where(eq(articles.id, 1))
    expect(await postById(1)()).toMatchObject({ title: 'by Drizzle' })
    expect(await sourceOf(postById(2))).toBe('memory')
    await db.update(people).set({ name: 'new' }).where(eq(people.id, 1)).returning()
    expect(await byMail()).toMatchObject({ name: 'new' })
  })

  it('lists, joins and includes of each ORM see rows that the other inserts and deletes', async () => {
    const { prisma, db } = await start()
    const joined = () => db.select().from(people).innerJoin(articles, eq(articles.author, people.id))
    const included = () => prisma.user.findUnique({ where: { id: 1 }, include: { posts: true } })
    expect(await joined()).toHaveLength(2)
    expect((await included())?.posts).toHaveLength(1)
    await db.insert(articles).values({ id: 3, title: 'p3', author: 1 })
    expect((await included())?.posts).toHaveLength(2)
    await prisma.post.delete({ where: { id: 2 } })
    expect(await joined()).toHaveLength(2)
    await db.delete(people).where(eq(people.id, 1))
    expect(await prisma.post.findMany({ where: { authorId: 1 } })).toStrictEqual([])
  })

  it('a write through one ORM invalidates the row that the other wrote through, and its next write stores the row again', async () => {
    const cache = createCache()
    const through = { ttl: '1h', write: 'through' } as const
    const models = { '*': through }
    const { client: prisma } = cachedClient(database.client().client, { cache, models })
    const db = drizzleCache(drizzle(pool, { schema }), { cache, tables: { '*': through } })
    const sourceOf = async (fn: () => PromiseLike<unknown>) =>
      (await cache.explain(async () => await fn())).reads.map(({ source }) => source).join()
    const ours = () => db.select().from(articles).where(eq(articles.id, 1))
    const theirs = () => prisma.post.findUnique({ where: { id: 1 } })
    const byDrizzle = (title: string) =>
      db.update(articles).set({ title }).where(eq(articles.id, 1)).returning()
    await byDrizzle('one')
    expect(await sourceOf(ours)).toBe('memory')
    await prisma.post.update({ where: { id: 1 }, data: { title: 'two' } })
    expect(await sourceOf(theirs)).toBe('memory')
    expect(await ours()).toMatchObject([{ title: 'two' }])
    await byDrizzle('three')
    expect(await sourceOf(ours)).toBe('memory')
    expect(await theirs()).toMatchObject({ title: 'three' })
    await prisma.$transaction((tx) => tx.post.update({ where: { id: 1 }, data: { title: 'four' } }))
    expect(await ours()).toMatchObject([{ title: 'four' }])
    await db.transaction((tx) =>
      tx.update(articles).set({ title: 'five' }).where(eq(articles.id, 1)).returning(),
    )
    expect(await sourceOf(ours)).toBe('memory')
    expect(await theirs()).toMatchObject({ title: 'five' })
  })

  it('a transaction of one ORM is visible to the other only after its COMMIT', async () => {
    const { prisma, db } = await start()
    const title = async () => (await prisma.post.findUnique({ where: { id: 1 } }))?.title
    await title()
    await db.transaction(async (tx) => {
      await tx.update(articles).set({ title: 'inside' }).where(eq(articles.id, 1))
      expect(await title()).toBe('p1')
    })
    expect(await title()).toBe('inside')
    const read = () => db.select().from(articles).where(eq(articles.id, 1))
    await read()
    await prisma.$transaction(async (tx) => {
      await tx.post.update({ where: { id: 1 }, data: { title: 'by Prisma' } })
      expect(await read()).toMatchObject([{ title: 'inside' }])
    })
    expect(await read()).toMatchObject([{ title: 'by Prisma' }])
  })
})
