import { type CacheOptions, createCache } from '@larder/core'
import { cached, drizzleCache } from '@larder/drizzle'
import { eq, sql } from 'drizzle-orm'
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
])('a computed value that reads through Prisma and Drizzle, %s', (_, policies) => {
  it('is cached until a write through either ORM changes a row that it read', async () => {
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

it.each([
  ['with policies', true],
  ['without policies', false],
])('a write to rows that a computed value did not read keeps it cached, %s', async (_, policies) => {
  const { prisma, db, loaded } = await start(policies)
  await loaded(1)
  await prisma.user.update({ where: { id: 2 }, data: { email: 'd@x' } })
  await db.update(articles).set({ title: 'other' }).where(eq(articles.id, 2)).returning()
  expect(await loaded(1)).toMatchObject({ loads: 0 })
})

it.each([
  ['with policies', true],
  ['without policies', false],
])(
  'a Drizzle read by a unique key makes a computed value depend on that row only, %s',
  async (_, policies) => {
    const { cache, db } = await start(policies)
    let loads = 0
    const mail = (id: number) =>
      cache.wrap(['mail', id], { ttl: '5m' }, async () => {
        loads++
        const [person] = await db.select({ mail: people.mail }).from(people).where(eq(people.id, id))
        return person?.mail ?? null
      })
    const loadsOf = async (id: number) => {
      const before = loads
      const result = await mail(id)
      return { result, loads: loads - before }
    }
    await mail(1)
    await mail(9)
    await db.update(people).set({ mail: 'd@x' }).where(eq(people.id, 2))
    expect(await loadsOf(1)).toEqual({ result: 'a@x', loads: 0 })

    await db.update(people).set({ mail: 'c@x' }).where(eq(people.id, 1))
    expect(await loadsOf(1)).toEqual({ result: 'c@x', loads: 1 })

    // No row was found, so the next insert counts.
    await database.run(`ALTER TABLE app_user ALTER updated_at SET DEFAULT now()`)
    await mail(9)
    await db.insert(people).values({ id: 9, mail: 'e@x' })
    expect(await loadsOf(9)).toEqual({ result: 'e@x', loads: 1 })
  },
)

describe('a computed value is not stored', () => {
  const causes: readonly (readonly [
    string,
    string,
    (clients: Awaited<ReturnType<typeof start>>) => PromiseLike<unknown>,
  ])[] = [
    ['a raw read through Prisma', 'opaque', ({ prisma }) => prisma.$queryRaw`SELECT id FROM app_user`],
    ['a raw read through Drizzle', 'opaque', ({ db }) => db.execute(sql`SELECT id FROM app_user`)],
    [
      'a read through Drizzle that calls now()',
      'opaque',
      ({ db }) => db.select({ at: sql`now()` }).from(people),
    ],
    [
      'a read through Drizzle that calls now() with the cache disabled',
      'opaque',
      ({ db }) => cached(db, false).select({ at: sql`now()` }).from(people),
    ],
    ['a locking read through Drizzle', 'lock', ({ db }) => db.select().from(people).for('update')],
    [
      'a transaction of Prisma',
      'transaction',
      ({ prisma }) => prisma.$transaction(async (tx) => tx.user.count()),
    ],
    [
      'an array transaction of Prisma',
      'transaction',
      ({ prisma }) => prisma.$transaction([prisma.user.count()]),
    ],
    [
      'a transaction of Drizzle',
      'transaction',
      ({ db }) => db.transaction(async (tx) => tx.select().from(people)),
    ],
    [
      'a write through Prisma',
      'opaque',
      ({ prisma }) => prisma.post.update({ where: { id: 1 }, data: { title: 'x' } }),
    ],
    [
      'a raw write through Prisma',
      'opaque',
      ({ prisma }) => prisma.$executeRaw`UPDATE blog_posts SET title = 'y'`,
    ],
    ['another raw statement through Prisma', 'opaque', ({ prisma }) => prisma.$executeRaw`ANALYZE app_user`],
    ['another raw statement through Drizzle', 'opaque', ({ db }) => db.execute(sql`ANALYZE app_user`)],
    ['a write through Drizzle', 'opaque', ({ db }) => db.update(articles).set({ title: 'z' }).returning()],
  ]
  it.each(causes)('because of %s, with a reason and one warning', async (_, reason, cause) => {
    const clients = await start(true)
    const { cache } = clients
    const warnings: string[] = []
    cache.on('warning', ({ code, message }) => code === 'wrap-not-stored' && warnings.push(message))
    let loads = 0
    const load = async () => {
      await cause(clients)
      return ++loads
    }
    for (let time = 1; time <= 2; time++) {
      const { reads } = await cache.explain(() => cache.wrap('page', { ttl: '5m' }, load))
      expect(reads.at(-1)).toMatchObject({ operation: 'wrap', source: 'database', reason })
      expect(loads).toBe(time)
    }
    expect(warnings).toHaveLength(1)
  })
})

it('raw reads of both ORMs that declare their tables are captured', async () => {
  const { cache, prisma, db } = await start(true)
  const ask = () =>
    cache.wrap('raw', { ttl: '5m' }, async () => [
      await prisma.$cached({ ttl: '1h', reads: ['User'] }).$queryRaw`SELECT email FROM app_user WHERE id = 1`,
      (await cached(db, { ttl: '1h', reads: ['blog_posts'] }).execute(sql`SELECT title FROM blog_posts`))
        .rows,
    ])
  const first = [[{ email: 'a@x' }], [{ title: 'p1' }, { title: 'p2' }]]
  expect(await ask()).toEqual(first)
  const { reads } = await cache.explain(ask)
  expect(reads).toMatchObject([{ operation: 'wrap', source: 'memory' }])
  await prisma.user.update({ where: { id: 1 }, data: { email: 'c@x' } })
  expect(await ask()).toEqual([[{ email: 'c@x' }], first[1]])
  await db.update(articles).set({ title: 'p3' }).where(eq(articles.id, 1))
  expect(await ask()).toEqual([[{ email: 'c@x' }], expect.arrayContaining([{ title: 'p3' }])])
})

it('a computed value may contain Prisma results, including decimals', async () => {
  const { cache, prisma } = await start(true)
  await prisma.stock.create({ data: { id: 1, sku: 's1', warehouse: 'w1' } })
  await prisma.order.create({ data: { id: 1, customer: 'c' } })
  await prisma.orderLine.create({ data: { id: 1, orderId: 1, sku: 's1', quantity: 1, price: '12.50' } })
  try {
    const ask = () =>
      cache.wrap('line', { ttl: '5m' }, () => prisma.orderLine.findUniqueOrThrow({ where: { id: 1 } }))
    const loaded = await ask()
    const { result, reads } = await cache.explain(ask)
    expect(reads).toMatchObject([{ operation: 'wrap', source: 'memory' }])
    expect(result).toEqual(loaded)
    expect(result.price.mul(2).toFixed(2)).toBe('25.00')
    expect(Object.getPrototypeOf(result.price)).toBe(Object.getPrototypeOf(loaded.price))
  } finally {
    await database.run('TRUNCATE inventory_stock, inventory_order CASCADE')
  }
})
