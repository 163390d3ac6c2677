import { createCache, memoryStore } from '@larder/core'
import { prismaCache } from '@larder/prisma'
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest'
import { Prisma } from '../../../../prisma/generated/client/client.ts'
import {
  connect,
  datamodel,
  PrismaClient,
  postgresDatabase,
  sourceOf,
  type TestDatabase,
} from '../support/client.ts'
import { previewClient } from '../support/preview-client.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await postgresDatabase()
})
afterAll(() => database.stop())
beforeEach(async () => {
  await database.exec('TRUNCATE app_user, blog_tags, "Everything", ledger_entry RESTART IDENTITY CASCADE')
  await database.exec(`
    INSERT INTO app_user (email, name, updated_at) VALUES ('a@x', 'Ann', now()), ('b_x', 'ben', now());
    INSERT INTO blog_posts (title, author_id) VALUES ('p1', 1), ('p2', 1), ('p3', 2);
    INSERT INTO "Everything" (big, decimal, moment, json, maybe_json, bytes, text) VALUES
      (1, 1.10, '2020-01-01', '{"a":1}', NULL, '\\x00ff', '1.1'), (9007199254740993, 2, '2021-01-01', 'null', 'null', NULL, '2020-01-01T00:00:00.000Z');
    INSERT INTO ledger_entry (amount, code) VALUES (12.3400, 5.50), (1, 7)`)
})

const byId1 = { where: { id: 1 } }

describe('similar queries have separate entries', () => {
  it('for a fluent call and the select it is built from', async () => {
    const connected = connect(database)
    const { db } = connected
    const whole = () => db.user.findUnique({ ...byId1, select: { posts: true } })
    const fluent = () => db.user.findUnique(byId1).posts()
    for (let turn = 0; turn < 2; turn++) {
      expect(await whole()).toMatchObject({ posts: [{ title: 'p1' }, { title: 'p2' }] })
      expect(await fluent()).toMatchObject([{ title: 'p1' }, { title: 'p2' }])
    }
    expect(await connected.sources(fluent)).toEqual(['memory'])
    await db.post.update({ where: { id: 2 }, data: { title: 'new' } })
    expect(await fluent()).toMatchObject([{ title: 'p1' }, { title: 'new' }])
  })

  it('for a fluent call along a to-one relation that finds nothing', async () => {
    const connected = connect(database)
    const { db } = connected
    const editor = () => db.post.findUnique(byId1).editor()
    expect([await editor(), await editor()]).toEqual([null, null])
    await db.post.update({ ...byId1, data: { editorId: 2 } })
    expect(await editor()).toMatchObject({ id: 2 })
  })

  const where = (filter: Prisma.EverythingWhereInput) => ({ where: filter, select: { id: true } })
  test.each<[string, readonly Prisma.EverythingWhereInput[], readonly (readonly number[])[]]>([
    [
      'DbNull, JsonNull, AnyNull',
      [Prisma.DbNull, Prisma.JsonNull, Prisma.AnyNull].map((equals) => ({ maybeJson: { equals } })),
      [[1], [2], [1, 2]],
    ],
    [
      'a bigint beyond 2^53 and its neighbour',
      [{ big: 9007199254740993n }, { big: 9007199254740992n }, { big: 1 }, { big: 1n }],
      [[2], [], [1], [1]],
    ],
    [
      'a Date and its text',
      [
        { moment: new Date('2020-01-01') },
        { moment: '2020-01-01T00:00:00.000Z' },
        { text: '2020-01-01T00:00:00.000Z' },
        { moment: new Date('2021-01-01') },
      ],
      [[1], [1], [2], [2]],
    ],
    [
      'a Decimal, a number and a text',
      [{ decimal: new Prisma.Decimal('1.1') }, { decimal: '1.10' }, { decimal: 2 }, { text: '1.1' }],
      [[1], [1], [2], [1]],
    ],
    [
      'bytes',
      [{ bytes: Uint8Array.of(0, 255) }, { bytes: Uint8Array.of(0) }, { bytes: null }],
      [[1], [], [2]],
    ],
  ])('for %s', async (_name, filters, ids) => {
    const connected = connect(database)
    const { db } = connected
    for (let turn = 0; turn < 2; turn++)
      for (const [index, filter] of filters.entries()) {
        const rows = await db.everything.findMany({ ...where(filter), orderBy: { id: 'asc' } })
        expect(rows.map((row) => row.id)).toEqual(ids[index])
      }
    expect(connected.cache.stats()).toMatchObject({ hits: filters.length, misses: filters.length })
  })

  it('for two clients that omit different fields', async () => {
    const cache = createCache()
    const options = { cache, datamodel, database: 'one', models: { User: { ttl: '1m' } } } as const
    const client = (omit: object) => new PrismaClient({ adapter: database.adapter(() => {}), omit })
    const plain = client({}).$extends(prismaCache(options))
    const omitting = client({ user: { name: true } }).$extends(prismaCache(options))
    for (let turn = 0; turn < 2; turn++) {
      expect(await plain.user.findUnique(byId1)).toHaveProperty('name', 'Ann')
      expect(await omitting.user.findUnique(byId1)).not.toHaveProperty('name')
    }
    expect(cache.stats()).toMatchObject({ hits: 2, misses: 2 })
    // They are one database: what one writes, the other sees.
    await omitting.user.update({ ...byId1, data: { name: 'New' } })
    expect(await plain.user.findUnique(byId1)).toHaveProperty('name', 'New')
  })
})

describe('a cached result equals the database result', () => {
  it("with Prisma's classes for Decimal, Bytes, Date and bigint", async () => {
    const connected = connect(database)
    const { db, sources } = connected
    const fresh = await db.everything.findUnique(byId1)
    expect(await sources(() => db.everything.findUnique(byId1))).toEqual(['memory'])
    const cached = await db.everything.findUnique(byId1)
    expect(cached).toEqual(fresh)
    expect(cached?.decimal).toBeInstanceOf(Prisma.Decimal)
    expect(cached?.decimal.plus('0.1').toString()).toBe('1.2')
    expect(Object.getPrototypeOf(cached?.bytes)).toBe(Uint8Array.prototype)
    expect(cached?.bytes).toEqual(Uint8Array.of(0, 255))
    expect(cached?.moment).toEqual(new Date('2020-01-01'))
    expect(cached?.big).toBe(1n)
    expect(await db.everything.findUnique({ where: { id: 2 } })).toMatchObject({ big: 9007199254740993n })
  })

  it('with Decimals in aggregates and groups', async () => {
    const connected = connect(database)
    const { db } = connected
    const sum = () => db.ledger.aggregate({ _sum: { amount: true }, _count: true })
    const groups = () => db.ledger.groupBy({ by: ['code'], _max: { amount: true }, orderBy: { code: 'asc' } })
    expect(await sum()).toEqual(await sum())
    expect((await sum())._sum.amount).toBeInstanceOf(Prisma.Decimal)
    expect(await groups()).toEqual(await groups())
    expect((await groups())[0]?.code).toEqual(new Prisma.Decimal('5.5'))
    expect(connected.cache.stats()).toMatchObject({ misses: 2 })
    await db.ledger.create({ data: { amount: '0.0001', code: 9 } })
    expect((await sum())._sum.amount?.toString()).toBe('13.3401')
  })

  it('and changing it, including nested objects, changes no other result', async () => {
    const connected = connect(database)
    const { db, sources } = connected
    const read = () => db.user.findUnique({ ...byId1, include: { posts: { orderBy: { id: 'asc' } } } })
    for (let turn = 0; turn < 3; turn++) {
      const user = await read()
      expect(user?.posts.map((post) => post.title)).toEqual(['p1', 'p2'])
      if (user?.posts[0]) user.posts[0].title = 'changed'
      user?.posts.pop()
    }
    expect(await sources(read)).toEqual(['memory'])
  })

  it('if it is null or an empty list', async () => {
    const connected = connect(database)
    const { db, sources } = connected
    const none = () => db.user.findUnique({ where: { id: 99 } })
    const empty = () => db.user.findMany({ where: { name: 'nobody' } })
    expect([await none(), await empty(), await none(), await empty()]).toEqual([null, [], null, []])
    expect(await sources(() => Promise.all([none(), empty()]))).toEqual(['memory', 'memory'])
  })
})

describe('result extensions', () => {
  const shout = Prisma.defineExtension({
    result: {
      user: { loud: { needs: { name: true }, compute: (user) => user.name?.toUpperCase() } },
      post: { slug: { needs: { title: true, id: true }, compute: (post) => `${post.title}-${post.id}` } },
    },
  })

  it('added before or after the cache apply to cached objects, including nested ones', async () => {
    const base = () => new PrismaClient({ adapter: database.adapter(() => {}) })
    const options = { datamodel, models: { '*': { ttl: '1m' } } } as const
    const ownCache = () => createCache({ store: memoryStore({ isolated: true }) })
    const before = base()
      .$extends(shout)
      .$extends(prismaCache({ ...options, cache: ownCache() }))
    const after = base()
      .$extends(prismaCache({ ...options, cache: ownCache() }))
      .$extends(shout)
    for (const db of [before, after])
      for (let turn = 0; turn < 3; turn++) {
        const { result, reads } = await db.$cache.explain(() =>
          db.user.findMany({ orderBy: { id: 'asc' }, include: { posts: { orderBy: { id: 'asc' } } } }),
        )
        expect(result.map((user) => [user.loud, user.posts[0]?.slug])).toEqual([
          ['ANN', 'p1-1'],
          ['BEN', 'p3-3'],
        ])
        expect(reads.map(sourceOf)).toEqual([turn ? 'memory' : 'database: miss'])
      }
  })

  it('may define computed fields, which are cached like the columns they need', async () => {
    const cache = createCache()
    const db = new PrismaClient({ adapter: database.adapter(() => {}) })
      .$extends(shout)
      .$extends(prismaCache({ datamodel, cache, models: { User: { ttl: '1m' } } }))
    const loud = () => db.user.findUnique({ ...byId1, select: { loud: true } })
    const { result, reads } = await cache.explain(async () => [await loud(), await loud()])
    expect(result.map((user) => user?.loud)).toEqual(['ANN', 'ANN'])
    expect(reads.map(sourceOf)).toEqual(['database: miss', 'memory'])
    await db.user.update({ ...byId1, data: { name: 'Amy' } })
    expect((await loud())?.loud).toBe('AMY')
    await db.user.update({ ...byId1, data: { name: 'Ann' } })
  })

  it('added after the cache apply on $cached() and in transactions', async () => {
    const connected = connect(database)
    const db = connected.db.$extends(shout)
    const loud = { ...byId1, select: { loud: true } }
    expect(await db.$cached({ ttl: '5s' }).user.findUnique(loud)).toHaveProperty('loud', 'ANN')
    expect(await db.$cached({ ttl: '5s' }).$cached(false).user.findUnique(loud)).toHaveProperty('loud', 'ANN')
    expect(await db.$transaction((tx) => tx.user.findUnique(loud))).toHaveProperty('loud', 'ANN')
  })
})

describe('a query extension added after the cache', () => {
  it('has entries of its own, so that clients without it see neither its arguments nor its results', async () => {
    const { db, sources } = connect(database)
    const first = db.$extends({
      query: {
        user: {
          findMany: async ({ args, query }) =>
            (await query({ ...args, take: 1 })).map((user) => ({ ...user, name: '***' })),
        },
      },
    })
    const all = () => db.user.findMany({ orderBy: { id: 'asc' } })
    const some = () => first.user.findMany({ orderBy: { id: 'asc' } })
    for (let turn = 0; turn < 2; turn++) {
      expect((await some()).map((user) => user.name)).toEqual(['***'])
      expect((await all()).map((user) => user.name)).toEqual(['Ann', 'ben'])
    }
    expect(await sources(async () => [await some(), await all()])).toEqual(['memory', 'memory'])
  })

  it('as a function receives the client it extends, with the cache', async () => {
    const { db } = connect(database)
    const named = db.$extends((client) => client.$extends({ client: { shop: () => 'ours' } }))
    expect(named.shop()).toBe('ours')
    expect(named.$cached(false).shop()).toBe('ours')
    expect((await named.$cache.explain(() => named.user.findUnique(byId1))).reads).toHaveLength(1)
  })
})

it('a query extension added after the cache is called inside $transaction and by $cached()', async () => {
  const connected = connect(database)
  const log: string[] = []
  const db = connected.db.$extends({
    query: {
      $allOperations({ operation, args, query }) {
        log.push(operation)
        return query(args)
      },
    },
  })
  await db.$transaction((tx) => tx.user.count())
  await db.$transaction([db.user.findMany(), db.user.findFirst()])
  await db.$cached({ ttl: '5s' }).user.aggregate({ _max: { id: true } })
  await db.$cached(false).user.findUnique(byId1)
  expect(log).toEqual(['count', 'findMany', 'findFirst', 'aggregate', 'findUnique'])
})

describe('writes invalidate filters that match more than they seem to', () => {
  it('such as `mode: insensitive`, which is ILIKE with wildcards', async () => {
    const connected = connect(database)
    const { db } = connected
    const read = () =>
      db.user.findMany({ where: { email: { equals: 'b_x', mode: 'insensitive' } }, orderBy: { id: 'asc' } })
    expect(await read()).toHaveLength(1)
    await db.user.create({ data: { email: 'BQX' } })
    expect(await read()).toHaveLength(2)
  })

  it('such as `{ id: undefined }`, which is no filter in reads and writes', async () => {
    const connected = connect(database)
    const { db } = connected
    const read = () => db.user.findMany({ where: { id: undefined as never } })
    expect(await read()).toHaveLength(2)
    await db.user.findUnique({ where: { id: 2 } })
    await db.user.updateMany({ where: { id: undefined as never }, data: { name: 'all' } })
    expect((await read()).map((user) => user.name)).toEqual(['all', 'all'])
    expect(await db.user.findUnique({ where: { id: 2 } })).toMatchObject({ name: 'all' })
  })

  it('such as a cursor, whose row is found outside the other filters', async () => {
    const connected = connect(database)
    const { db } = connected
    const page = () =>
      db.post.findMany({
        where: { authorId: 1 },
        cursor: { id: 3 },
        orderBy: [{ title: 'asc' }, { id: 'asc' }],
      })
    expect(await page()).toEqual([])
    // The cursor's own row moves to the front of the order: the page starts there.
    await db.post.update({ where: { id: 3 }, data: { title: 'a' } })
    expect((await page()).map((post) => post.title)).toEqual(['p1', 'p2'])
  })

  it('such as an upsert, which may change another row than its filter names', async () => {
    const connected = connect(database)
    const { db } = connected
    const read = () => db.user.findUnique({ where: { email: 'a@x' } })
    const upsert = (create: string, email: string) =>
      db.user.upsert({
        where: { email },
        create: { email: create, name: 'made' },
        update: { email: 'moved@x', name: 'changed' },
      })
    expect(await read()).toMatchObject({ name: 'Ann' })
    await upsert('other@x', 'a@x')
    expect(await read()).toBeNull()
    expect(await db.user.findUnique({ where: { email: 'moved@x' } })).toMatchObject({
      id: 1,
      name: 'changed',
    })
    expect(await db.user.findUnique({ where: { email: 'new@x' } })).toBeNull()
    await upsert('new@x', 'new@x')
    expect(await db.user.findUnique({ where: { email: 'new@x' } })).toMatchObject({ name: 'made' })
  })
})

describe('a client with preview features', () => {
  it('ignores Prisma.skip in keys, and caches joined relations like several statements', async () => {
    const preview = await previewClient(['relationJoins', 'strictUndefinedChecks'])
    try {
      const connected = connect(database, { from: preview.PrismaClient })
      const { db, sources, statements } = connected
      const all = () => db.user.findMany({ where: { id: preview.skip as never }, orderBy: { id: 'asc' } })
      expect(await all()).toHaveLength(2)
      expect(await sources(() => db.user.findMany({ where: {}, orderBy: { id: 'asc' } }))).toEqual(['memory'])
      const joined = (relationLoadStrategy: 'join' | 'query') =>
        db.user.findUnique({ ...byId1, relationLoadStrategy, include: { posts: true } } as never)
      statements()
      const first = await joined('join')
      expect(statements()).toHaveLength(1)
      expect(await sources(() => joined('join'))).toEqual(['memory'])
      expect(await joined('query')).toEqual(first)
      await db.post.create({ data: { title: 'p4', authorId: 1 } })
      expect(await joined('join')).toMatchObject({ posts: [{}, {}, { title: 'p4' }] })
      await db.user.updateMany({ where: { id: preview.skip as never }, data: { name: 'all' } })
      expect((await all()).map((user) => user.name)).toEqual(['all', 'all'])
    } finally {
      await preview.remove()
    }
  })
})
