import { makeTypedQueryFactory } from '@prisma/client/runtime/client'
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest'
import { Prisma } from '../../../../prisma/generated/features/client/client.ts'
import { datamodel } from '../../../../prisma/generated/features/larder.ts'
import { planRead } from '../../src/plan/read.ts'
import { modelMapOf } from '../../src/schema/model.ts'
import { errorOf, type TestDatabase } from '../support/client.ts'
import { connectFeatures, type FeaturesClient, type FeaturesOptions, featuresDatabase } from './client.ts'

// One test for each row of the table in docs/prisma-features.md.

let database: TestDatabase
beforeAll(async () => {
  database = await featuresDatabase()
})
afterAll(() => database.stop())
beforeEach(async () => {
  await database.exec(`
    TRUNCATE shop.author, shop.book, shop.tag, shop."_BookToTag", shop.note, archive.note RESTART IDENTITY CASCADE;
    INSERT INTO shop.author (email, name) VALUES ('ann@x', 'Ann'), ('ben@x', 'Ben');
    INSERT INTO shop.book (title, genre, price, cost, author_id) VALUES
      ('a cat and a dog', 'novel', 10.50, 4, 1), ('a cat', 'essay', 3, 4, 1), ('the sea', 'novel', 7, 1, 2);
    INSERT INTO shop.tag (name) VALUES ('pets'), ('water');
    INSERT INTO shop."_BookToTag" VALUES (1, 1), (2, 1), (3, 2);
    INSERT INTO shop.note (text) VALUES ('new');
    INSERT INTO archive.note (text) VALUES ('old');
    REFRESH MATERIALIZED VIEW shop.genre_total`)
})

const models = modelMapOf(datamodel)

type Db = FeaturesClient['db']
type Read = (db: Db) => PromiseLike<unknown>

const HIT = ['memory']
const LOADED = ['database: miss']
const INVALIDATED = ['database: invalidated']
const OPAQUE = ['database: opaque']
const one = { where: { id: 1 } }

/** Where each of several reads comes from, one after the other. */
async function sourcesOf({ db, sources }: FeaturesClient, read: Read, times = 2) {
  const found: (readonly string[])[] = []
  for (let turn = 0; turn < times; turn++) found.push(await sources(async () => read(db)))
  return found
}

/** The result of a read, which is a hit, is what the client without the cache gives. */
async function expectFresh({ db, base }: FeaturesClient, read: Read) {
  expect(await read(db)).toEqual(await read(base as unknown as Db))
}

describe('views', () => {
  const total: Read = (db) => db.authorTotal.findUnique({ where: { authorId: 1 } })
  const included: Read = (db) => db.author.findUnique({ ...one, include: { total: true } })
  const filtered: Read = (db) => db.author.findMany({ where: { total: { books: { gt: 1 } } } })

  test.each([
    ['read by itself', total],
    ['in an include', included],
    ['in a relation filter', filtered],
  ])('a view that names its tables is cached until one of them is written: %s', async (_case, read) => {
    const client = connectFeatures(database)
    expect(await sourcesOf(client, read)).toEqual([LOADED, HIT])
    await client.db.book.update({ where: { id: 2 }, data: { price: 99 } })
    expect(await sourcesOf(client, read)).toEqual([INVALIDATED, HIT])
    await expectFresh(client, read)
    await client.db.book.delete({ where: { id: 1 } })
    expect(await sourcesOf(client, read)).toEqual([INVALIDATED, HIT])
    await expectFresh(client, read)
  })

  test.each([
    ['read by itself', total],
    ['in an include', included],
    ['in a relation filter', filtered],
  ])('a view that names no tables bypasses the cache: %s', async (_case, read) => {
    const client = connectFeatures(database, { models: { '*': { ttl: '1m' } } })
    expect(await sourcesOf(client, read)).toEqual([OPAQUE, OPAQUE])
  })

  it('a materialized view is cached until a table that it reads is written, or a statement that declares it refreshes it', async () => {
    const client = connectFeatures(database)
    const { db } = client
    const read: Read = (db) => db.genreTotal.findMany({ orderBy: { genre: 'asc' } })
    expect(await sourcesOf(client, read)).toEqual([LOADED, HIT])
    await db.book.create({ data: { title: 't', price: 1, cost: 1, authorId: 1 } })
    expect(await sourcesOf(client, read)).toEqual([INVALIDATED, HIT])
    await db.$cached({ writes: ['GenreTotal'] }).$executeRaw`REFRESH MATERIALIZED VIEW shop.genre_total`
    expect(await sourcesOf(client, read)).toEqual([INVALIDATED, HIT])
    expect(await read(db)).toEqual([
      { genre: 'essay', books: 1 },
      { genre: 'novel', books: 3 },
    ])
  })

  it('a REFRESH that declares nothing invalidates the materialized view as well', async () => {
    const client = connectFeatures(database)
    const { db } = client
    const read: Read = (db) => db.genreTotal.findMany({ orderBy: { genre: 'asc' } })
    await db.book.create({ data: { title: 't', price: 1, cost: 1, authorId: 1 } })
    expect(await sourcesOf(client, read)).toEqual([LOADED, HIT])
    await db.$executeRaw`REFRESH MATERIALIZED VIEW shop.genre_total`
    await expectFresh(client, read)
  })
})

describe('TypedSQL', () => {
  // What `prisma generate --sql` writes for a file of `prisma/sql`.
  const byGenre = makeTypedQueryFactory('SELECT id, price FROM shop.book WHERE genre = $1 ORDER BY id')
  const raise = makeTypedQueryFactory('UPDATE shop.book SET price = price + $1 RETURNING id')
  const novels: Read = (db) => db.$queryRawTyped(byGenre('novel'))

  it('a typed query bypasses the cache', async () => {
    const client = connectFeatures(database)
    expect(await sourcesOf(client, novels)).toEqual([['database: no-policy'], ['database: no-policy']])
  })

  it('a typed query whose call names a lifetime and its tables is cached, for each of its parameters', async () => {
    const client = connectFeatures(database)
    const { db } = client
    const read = (genre: string) => (of: Db) =>
      of.$cached({ ttl: '1m', reads: ['Book'] }).$queryRawTyped(byGenre(genre))
    expect(await sourcesOf(client, read('novel'))).toEqual([LOADED, HIT])
    expect(await sourcesOf(client, read('essay'))).toEqual([LOADED, HIT])
    expect(await read('novel')(db)).toEqual(await client.base.$queryRawTyped(byGenre('novel')))
    expect(await read('essay')(db)).toEqual([{ id: 2, price: new Prisma.Decimal(3) }])
    await db.book.update({ ...one, data: { price: 1 } })
    expect(await sourcesOf(client, read('novel'))).toEqual([INVALIDATED, HIT])
    expect(await read('novel')(db)).toEqual(await client.base.$queryRawTyped(byGenre('novel')))
  })

  test.each<[string, (client: FeaturesClient) => PromiseLike<unknown>]>([
    ['through the client', ({ db }) => db.$queryRawTyped(raise(1))],
    ['with declared tables', ({ db }) => db.$cached({ writes: ['Book'] }).$queryRawTyped(raise(1))],
    ['through the client without the cache', ({ base }) => base.$queryRawTyped(raise(1))],
    ['in a transaction', ({ db }) => db.$transaction(async (tx) => tx.$queryRawTyped(raise(1)))],
  ])('a typed query that writes invalidates: %s', async (_case, write) => {
    const client = connectFeatures(database)
    const read: Read = (db) => db.book.findUnique(one)
    expect(await sourcesOf(client, read)).toEqual([LOADED, HIT])
    await write(client)
    expect(await sourcesOf(client, read)).toEqual([INVALIDATED, HIT])
    expect(await read(client.db)).toMatchObject({ price: new Prisma.Decimal('11.5') })
  })
})

it('two tables of one name in two database schemas have entries of their own, and share invalidations', async () => {
  const client = connectFeatures(database)
  const { db } = client
  const note: Read = (db) => db.note.findUnique(one)
  const archived: Read = (db) => db.archivedNote.findUnique(one)
  for (const read of [note, archived]) expect(await sourcesOf(client, read)).toEqual([LOADED, HIT])
  expect([await note(db), await archived(db)]).toEqual([
    { id: 1, text: 'new' },
    { id: 1, text: 'old' },
  ])
  await db.archivedNote.update({ ...one, data: { text: 'older' } })
  for (const read of [note, archived]) expect(await sourcesOf(client, read)).toEqual([INVALIDATED, HIT])
  expect([await note(db), await archived(db)]).toEqual([
    { id: 1, text: 'new' },
    { id: 1, text: 'older' },
  ])
})

describe('relationJoins', () => {
  const strategies = [undefined, 'join', 'query'] as const

  test.each(strategies)(
    'relations are cached with relationLoadStrategy %s, and tied to their rows',
    async (strategy) => {
      const client = connectFeatures(database)
      const { db, statements } = client
      const read: Read = (db) =>
        db.author.findUnique({
          ...one,
          include: { books: { orderBy: { id: 'asc' }, include: { tags: { orderBy: { id: 'asc' } } } } },
          ...(strategy && { relationLoadStrategy: strategy }),
        })
      expect(await sourcesOf(client, read)).toEqual([LOADED, HIT])
      expect(statements().length === 1).toBe(strategy !== 'query')
      await expectFresh(client, read)
      await db.book.update({ where: { id: 3 }, data: { title: 'another author' } })
      expect(await sourcesOf(client, read, 1)).toEqual([HIT])
      await db.book.update({ where: { id: 2 }, data: { title: 'new' } })
      expect(await sourcesOf(client, read, 1)).toEqual([INVALIDATED])
      await db.tag.update({ ...one, data: { name: 'animals' } })
      expect(await sourcesOf(client, read, 1)).toEqual([INVALIDATED])
      await db.book.update({ where: { id: 3 }, data: { tags: { connect: { id: 1 } }, authorId: 1 } })
      expect(await sourcesOf(client, read)).toEqual([INVALIDATED, HIT])
      await expectFresh(client, read)
    },
  )

  test.each<[string, Prisma.AuthorFindManyArgs]>([
    ['a relation', { include: { books: true } }],
    ['two levels', { include: { books: { include: { tags: true } } } }],
    ['a view', { include: { total: true } }],
    ['selected fields', { select: { books: { select: { title: true, author: { select: { id: true } } } } } }],
    [
      'a filter, an order and a page',
      { include: { books: { where: { price: { gt: 1 } }, orderBy: { title: 'desc' }, take: 1, skip: 1 } } },
    ],
    ['the last rows', { include: { books: { orderBy: { id: 'asc' }, take: -1 } } }],
    ['an order by a relation', { include: { books: { orderBy: { author: { email: 'asc' } } } } }],
    ['a cursor', { include: { books: true }, cursor: { id: 1 } }],
    ['a cursor in a relation', { include: { books: { cursor: { id: 1 } } } }],
    ['distinct', { include: { books: true }, distinct: ['name'] }],
    ['distinct in a relation', { include: { books: { distinct: ['genre'] } } }],
    ['a count', { include: { books: true, _count: true } }],
    ['a count in a relation', { include: { books: { include: { _count: true } } } }],
    [
      'a count of a filter',
      { include: { books: true, _count: { select: { books: { where: { price: { gt: 5 } } } } } } },
    ],
    [
      'a long list',
      { include: { books: true }, where: { id: { in: Array.from({ length: 200 }, (_, at) => at) } } },
    ],
  ])('a read is stored as one statement only if it is one: %s', async (_case, args) => {
    const client = connectFeatures(database)
    const read: Read = (db) => db.author.findMany({ ...args, relationLoadStrategy: 'join' })
    await read(client.db)
    const sent = client.statements().length
    expect(await sourcesOf(client, read, 1)).toEqual([HIT])
    await expectFresh(client, read)
    const { severalStatements } = planRead(
      'findMany',
      'Author',
      { ...args, relationLoadStrategy: 'join' },
      models,
    )
    if (!severalStatements) expect(sent).toBe(1)
  })
})

describe('strictUndefinedChecks', () => {
  test.each<[string, Read, Read]>([
    [
      'in a filter',
      (db) => db.author.findMany({ where: {} }),
      (db) => db.author.findMany({ where: { id: undefined as never } }),
    ],
    [
      'as a filter',
      (db) => db.author.findMany({}),
      (db) => db.author.findMany({ where: undefined as never }),
    ],
    [
      'in a list',
      (db) => db.author.findMany({ where: { OR: [{ id: 1 }, {}] } }),
      (db) => db.author.findMany({ where: { OR: [{ id: 1 }, { id: undefined as never }] } }),
    ],
    [
      'in a selection',
      (db) => db.author.findMany({ select: { id: true } }),
      (db) => db.author.findMany({ select: { id: true, email: undefined as never } }),
    ],
    [
      'in a relation',
      (db) => db.author.findMany({ include: { books: { where: {} } } }),
      (db) => db.author.findMany({ include: { books: { where: { id: undefined as never } } } }),
    ],
    [
      'beside a key',
      (db) => db.author.findUnique(one),
      (db) => db.author.findUnique({ where: { id: 1, email: undefined as never } }),
    ],
  ])(
    'a call with undefined is refused even if the call without it is cached: %s',
    async (_case, without, refused) => {
      const client = connectFeatures(database)
      expect(await sourcesOf(client, without)).toEqual([LOADED, HIT])
      expect((await errorOf(refused(client.db))).message).toContain('explicitly `undefined`')
      expect(await sourcesOf(client, without, 1)).toEqual([HIT])
    },
  )

  it('a call with Prisma.skip has the entry of the call without it', async () => {
    const client = connectFeatures(database)
    const skipping: Read = (db) =>
      db.author.findMany({
        where: { id: 1, email: Prisma.skip, books: { some: { title: Prisma.skip } } },
        select: { id: true, name: Prisma.skip },
        take: Prisma.skip,
      })
    const plain: Read = (db) =>
      db.author.findMany({ where: { id: 1, books: { some: {} } }, select: { id: true } })
    expect(await sourcesOf(client, skipping)).toEqual([LOADED, HIT])
    expect(await sourcesOf(client, plain, 1)).toEqual([HIT])
    await expectFresh(client, skipping)
  })

  it('a write that skips a field invalidates', async () => {
    const client = connectFeatures(database)
    const read: Read = (db) => db.author.findUnique(one)
    expect(await sourcesOf(client, read)).toEqual([LOADED, HIT])
    await client.db.author.update({ ...one, data: { email: Prisma.skip, name: 'New' } })
    expect(await sourcesOf(client, read)).toEqual([INVALIDATED, HIT])
    await expectFresh(client, read)
  })
})

describe('omit', () => {
  it('reads that omit other fields have other entries', async () => {
    const client = connectFeatures(database)
    const whole: Read = (db) => db.author.findUnique(one)
    const without: Read = (db) => db.author.findUnique({ ...one, omit: { name: true } })
    for (const read of [whole, without]) expect(await sourcesOf(client, read)).toEqual([LOADED, HIT])
    expect(await whole(client.db)).toHaveProperty('name')
    expect(await without(client.db)).not.toHaveProperty('name')
  })

  it('a field that the client omits is absent from hits, and a call may ask for it', async () => {
    const client = connectFeatures(database, { omit: { author: { name: true } } })
    const omitted: Read = (db) => db.author.findUnique(one)
    const whole: Read = (db) => db.author.findUnique({ ...one, omit: { name: false } })
    for (const read of [omitted, whole]) {
      expect(await sourcesOf(client, read)).toEqual([LOADED, HIT])
      await expectFresh(client, read)
    }
    expect(await omitted(client.db)).not.toHaveProperty('name')
    await client.db.author.update({ ...one, data: { name: 'New' } })
    for (const read of [omitted, whole]) {
      expect(await sourcesOf(client, read)).toEqual([INVALIDATED, HIT])
      await expectFresh(client, read)
    }
  })

  test.each<[string, FeaturesOptions, Read]>([
    [
      'for one call',
      {},
      (db) =>
        db.author.findFirst({
          where: { email: 'ann@x' },
          omit: { id: true },
          include: { books: { omit: { id: true, authorId: true } } },
        }),
    ],
    [
      'for the client',
      { omit: { author: { id: true }, book: { id: true, authorId: true } } },
      (db) => db.author.findFirst({ where: { email: 'ann@x' }, include: { books: true } }),
    ],
  ])(
    'a relation whose keys are omitted is invalidated by every write to its table: %s',
    async (_case, options, read) => {
      const client = connectFeatures(database, options)
      expect(await sourcesOf(client, read)).toEqual([LOADED, HIT])
      await client.db.book.update({ where: { id: 3 }, data: { title: 'another author' } })
      expect(await sourcesOf(client, read)).toEqual([INVALIDATED, HIT])
      await client.db.book.update({ where: { id: 3 }, data: { authorId: 1 } })
      expect(await sourcesOf(client, read)).toEqual([INVALIDATED, HIT])
      await expectFresh(client, read)
    },
  )
})

describe('reads of the whole table', () => {
  const another = (db: Db) =>
    db.book.update({ where: { id: 3 }, data: { genre: 'essay', title: 'a dog', cost: 9 } })

  test.each<[string, Read]>([
    [
      'distinct, by nativeDistinct',
      (db) => db.book.findMany({ distinct: ['genre'], orderBy: [{ genre: 'asc' }, { id: 'asc' }] }),
    ],
    [
      'distinct in a relation',
      (db) => db.author.findMany({ include: { books: { distinct: ['genre'], orderBy: { id: 'asc' } } } }),
    ],
    [
      'a full-text search',
      (db) => db.book.findMany({ where: { title: { search: 'dog' } }, orderBy: { id: 'asc' } }),
    ],
    [
      'an order by relevance',
      (db) =>
        db.book.findMany({
          orderBy: [{ _relevance: { fields: ['title'], search: 'dog', sort: 'desc' } }, { id: 'asc' }],
        }),
    ],
    [
      'a reference to another column',
      (db) => db.book.findMany({ where: { price: { gt: db.book.fields.cost } } }),
    ],
    [
      'a partial unique index',
      (db) =>
        db.author.findMany({
          where: { name: 'Ann', active: true, books: { none: { genre: 'opera', id: 3 } } },
        }),
    ],
  ])('%s is cached until a row of the table is written', async (_case, read) => {
    const client = connectFeatures(database)
    expect(await sourcesOf(client, read)).toEqual([LOADED, HIT])
    await expectFresh(client, read)
    await another(client.db)
    expect(await sourcesOf(client, read)).toEqual([INVALIDATED, HIT])
    await expectFresh(client, read)
  })

  it('searches for different words have different entries', async () => {
    const client = connectFeatures(database)
    const search = (words: string) => (db: Db) => db.book.findMany({ where: { title: { search: words } } })
    for (const words of ['cat & dog', 'cat', 'sea'])
      expect(await sourcesOf(client, search(words))).toEqual([LOADED, HIT])
    expect(await search('cat & dog')(client.db)).toHaveLength(1)
    expect(await search('cat')(client.db)).toHaveLength(2)
  })
})

it('a row that a partial unique index covers is not pinned by its columns', async () => {
  const client = connectFeatures(database)
  const read: Read = (db) => db.author.findFirst({ where: { name: 'Cid', active: true } })
  expect(await sourcesOf(client, read)).toEqual([LOADED, HIT])
  await client.db.author.update({ where: { id: 2 }, data: { name: 'Cid' } })
  expect(await sourcesOf(client, read)).toEqual([INVALIDATED, HIT])
  await expectFresh(client, read)
})
