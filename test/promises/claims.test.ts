import { deepStrictEqual } from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import {
  type Cache,
  type CacheOptions,
  type Fetched,
  memoryStore,
  type Store,
  systemClock,
  type TagRequest,
} from '@larder/core'
import type { WatchedAdapter } from '@larder/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Prisma, type PrismaClient } from '../../prisma/generated/client/client.ts'
import { type CachedClient, cachedClient, EVERY_MODEL } from '../support/cached-client.ts'
import { startPostgresDatabase, type TestDatabase } from '../support/databases.ts'
import { setting } from '../support/settings.ts'
import { spyStore } from '../support/spy-store.ts'
import { perform } from '../workload/prisma/operation.ts'
import { battery } from '../workload/prisma/query-list.ts'
import { populate } from '../workload/prisma/rows.ts'
import { differentMaking, everything } from '../workload/prisma/scalar-rows.ts'

let database: TestDatabase
let plain: PrismaClient
/** The client with the cache, what it sends, and the cache. */
let prisma: CachedClient
let watched: WatchedAdapter
let cache: Cache

beforeAll(async () => {
  database = await startPostgresDatabase()
  plain = database.client().client
  await populate(plain, database.run)
})
afterAll(() => database.stop())

function build(options: CacheOptions = {}, given: Parameters<typeof cachedClient>[1] = {}): void {
  const base = database.client()
  watched = base.watched
  const built = cachedClient(base.client, { options, ...given })
  prisma = built.client
  cache = built.cache
}

beforeEach(async () => {
  build()
  await plain.stock.updateMany({ data: { quantity: 0, version: 0 } })
  await plain.user.updateMany({ where: { id: 1 }, data: { name: 'n1' } })
})

const stock = (id = 1) => prisma.stock.findUniqueOrThrow({ where: { id } })
const setQuantity = (quantity: number, id = 1) => prisma.stock.update({ where: { id }, data: { quantity } })
/** Where one read came from, and why. */
async function told(read: () => PromiseLike<unknown>): Promise<string> {
  const { reads } = await cache.explain(read)
  return reads
    .map(({ source, reason, shared }) => `${reason ?? source}${shared ? ', shared' : ''}`)
    .join('; ')
}
const isSelect = ({ sql }: { sql: string }): boolean => /^\s*SELECT/.test(sql)

describe('claim 1: locks reach the database', () => {
  const strengths = ['UPDATE', 'NO KEY UPDATE', 'SHARE', 'KEY SHARE'] as const

  test.each(strengths)('FOR %s is sent on every call, and no store command', async (strength) => {
    const spy = spyStore()
    build({ store: spy.store })
    await stock()
    await stock()
    const sql = `SELECT id FROM inventory_stock WHERE id = 1 FOR ${strength}`
    spy.clear()
    watched.clear()
    for (let call = 0; call < 3; call++) {
      await prisma.$queryRawUnsafe(sql)
      await prisma.$queryRaw(Prisma.raw(sql))
      await prisma.$cached({ ttl: '1m' }).$queryRawUnsafe(sql)
    }
    expect(watched.sent.filter((sent) => sent.sql === sql)).toHaveLength(9)
    expect(spy.calls).toEqual([])
    expect(await told(() => prisma.$queryRawUnsafe(sql))).toBe('lock')
  })

  test.each(strengths)(
    'FOR %s in a transaction holds the row against another connection',
    async (strength) => {
      const other = await database.connect()
      const attempt = () => other.query('SELECT id FROM inventory_stock WHERE id = 1 FOR UPDATE NOWAIT')
      await stock()
      await prisma.$transaction(async (tx) => {
        await tx.$queryRawUnsafe(`SELECT id FROM inventory_stock WHERE id = 1 FOR ${strength}`)
        await expect(attempt()).rejects.toMatchObject({ code: '55P03' })
      })
      expect((await attempt()).rowCount).toBe(1)
    },
  )

  test('a lock leaves what is cached as it was', async () => {
    await stock()
    await prisma.$queryRaw`SELECT id FROM inventory_stock WHERE id = 1 FOR UPDATE`
    expect(await told(() => stock())).toBe('memory')
  })
})

describe('claim 2: transactions are isolated', () => {
  const UNDO = new Error('undo')

  test.each(['warm', 'cold'] as const)(
    'an uncommitted value is never readable from the cache, %s',
    async (state) => {
      if (state === 'warm') await stock()
      await prisma
        .$transaction(async (tx) => {
          await tx.stock.update({ where: { id: 1 }, data: { quantity: 99 } })
          expect((await tx.stock.findUniqueOrThrow({ where: { id: 1 } })).quantity).toBe(99)
          expect((await stock()).quantity).toBe(0)
          expect((await stock()).quantity).toBe(0)
          throw UNDO
        })
        .catch((error: unknown) => expect(error).toBe(UNDO))
      if (state === 'warm') expect(await told(() => stock())).toBe('memory')
      expect((await stock()).quantity).toBe(0)
      expect(await told(() => stock())).toBe('memory')
    },
  )

  test('reads in a transaction never touch the cache', async () => {
    const spy = spyStore()
    build({ store: spy.store })
    await stock()
    spy.clear()
    const read = () =>
      prisma.$transaction(async (tx) => {
        await tx.stock.findUnique({ where: { id: 1 } })
        await tx.stock.findMany()
      })
    expect(await told(read)).toBe('transaction; transaction')
    expect(await told(() => prisma.$transaction([prisma.stock.findUnique({ where: { id: 1 } })]))).toBe(
      'transaction',
    )
    expect(spy.calls).toEqual([])
  })

  test('a rolled back transaction leaves no trace in the store', async () => {
    const rolledBack = async (store: Store) => {
      const spy = spyStore(store)
      build({ store: spy.store })
      await stock()
      await prisma.stock.findUnique({ where: { sku: 's1' } })
      const before = await store.fetch(undefined, requests)
      spy.clear()
      const undone = prisma.$transaction(async (tx) => {
        await tx.stock.update({ where: { id: 1 }, data: { quantity: 99 } })
        await tx.stock.findMany()
        throw UNDO
      })
      await expect(undone).rejects.toBe(UNDO)
      return { before, calls: spy.calls }
    }
    // A first run shows which tags it marks.
    const requests: TagRequest[] = []
    const marked = memoryStore()
    const { mark } = marked
    marked.mark = (request) => {
      const { record, fields, known, cells } = request
      requests.push({ record, fields: [...new Set([...fields, ...known])], cells })
      return mark(request)
    }
    await rolledBack(marked)
    const store = memoryStore()
    const { before, calls } = await rolledBack(store)
    expect(calls.filter((call) => call !== 'mark')).toEqual(['finish'])
    const states = ({ tags }: Fetched) => tags.flatMap(({ fields, cells }) => [...fields, ...cells])
    const [was, is] = [states(before), states(await store.fetch(undefined, requests))]
    expect(was.filter((tag) => tag !== null).length).toBeGreaterThan(3)
    // A tag that the marks created may stay. It carries no mark.
    for (const [at, tag] of is.entries())
      expect(tag).toEqual(was[at] ?? (tag && { nonce: tag.nonce, dirty: false }))
    expect(await told(() => stock())).toBe('memory')
    expect(await told(() => prisma.stock.findUnique({ where: { sku: 's1' } }))).toBe('memory')
    expect(await told(() => prisma.stock.findMany())).toBe('miss')
  })

  test('a failing array transaction changes nothing, and a savepoint takes back its own alone', async () => {
    await stock()
    await stock(2)
    const failing = prisma.$transaction([setQuantity(5), prisma.$executeRaw`SELECT 1 / 0`])
    await expect(failing).rejects.toMatchObject({ code: 'P2010' })
    expect((await stock()).quantity).toBe(0)
    await prisma.$transaction(async (tx) => {
      await tx.stock.update({ where: { id: 1 }, data: { quantity: 6 } })
      const inner = tx as unknown as typeof prisma
      await inner
        .$transaction(async (nested) => {
          await nested.stock.update({ where: { id: 2 }, data: { quantity: 7 } })
          throw UNDO
        })
        .catch((error: unknown) => expect(error).toBe(UNDO))
    })
    expect([(await stock()).quantity, (await stock(2)).quantity]).toEqual([6, 0])
  })

  test('what a transaction committed is read right after it, by any client form', async () => {
    await stock()
    await prisma.$cached({ ttl: '2m' }).stock.findUnique({ where: { id: 1 } })
    await prisma.$transaction((tx) => tx.stock.update({ where: { sku: 's1' }, data: { quantity: 8 } }))
    expect((await stock()).quantity).toBe(8)
    const { stock: other } = prisma.$cached({ ttl: '2m' })
    expect((await other.findUniqueOrThrow({ where: { id: 1 } })).quantity).toBe(8)
  })
})

describe('claim 3: no stale set', () => {
  /** What happens while the load has its answer and has not stored it. */
  const between: readonly (readonly [string, CacheOptions, () => Promise<unknown>])[] = [
    ['the write returns', {}, async () => {}],
    [
      'and its tags are evicted',
      { store: memoryStore({ maxEntries: 1 }) },
      async () => {
        for (let id = 1; id <= 6; id++)
          await prisma.user.findUnique({ where: { id }, include: { posts: true } })
      },
    ],
    ['and everything is invalidated', {}, () => cache.invalidate({ all: true })],
    ['and its table is invalidated', {}, () => cache.invalidate({ tables: ['inventory_stock'] })],
  ]
  const reads: readonly (readonly [string, () => PromiseLike<{ quantity: number } | null | undefined>])[] = [
    ['by id', () => stock()],
    ['by a unique field', () => prisma.stock.findUnique({ where: { sku: 's1' } })],
    ['of a list', async () => (await prisma.stock.findMany({ where: { id: { lt: 2 } } }))[0]],
    ['with relations', () => prisma.stock.findUnique({ where: { id: 1 }, include: { lines: true } })],
  ]
  const cases = between.flatMap(([when, options, act]) =>
    reads.map(([shape, read]) => [shape, when, options, act, read] as const),
  )

  test.each(cases)(
    'a load %s begins, a write commits, %s: the next read is new',
    async (_shape, _when, options, act, read) => {
      build(options)
      const held = watched.holdAnswer(isSelect)
      const load = Promise.resolve(read())
      await held.reached
      await setQuantity(41)
      await act()
      held.release()
      expect((await load)?.quantity).toBe(0)
      expect((await read())?.quantity).toBe(41)
      expect((await read())?.quantity).toBe(41)
    },
  )

  test('while a write waits for a row lock its readers see the old row, and the new one when it returns', async () => {
    const other = await database.connect()
    await stock()
    await other.query('BEGIN')
    await other.query('SELECT id FROM inventory_stock WHERE id = 1 FOR UPDATE')
    const sending = watched.hold(({ sql }) => /^\s*UPDATE/.test(sql))
    const write = setQuantity(42).then(() => {})
    await sending.reached
    sending.release()
    expect(await told(() => stock())).toBe('dirty')
    expect((await stock()).quantity).toBe(0)
    await other.query('COMMIT')
    await write
    expect((await stock()).quantity).toBe(42)
  })
})

describe('claim 4: read your writes', () => {
  test('a read issued after an awaited write never joins an older load still in flight', async () => {
    const held = watched.holdAnswer(isSelect)
    const older = Promise.resolve(stock())
    await held.reached
    await setQuantity(51)
    // The older load is still on its way: this one must not wait for it.
    expect((await stock()).quantity).toBe(51)
    held.release()
    expect((await older).quantity).toBe(0)
    expect((await stock()).quantity).toBe(51)
  })

  test('readers of one instant do share a load', async () => {
    const held = watched.holdAnswer(isSelect)
    const first = told(() => stock())
    await held.reached
    const second = told(() => stock())
    await new Promise((resolve) => setImmediate(resolve))
    held.release()
    expect([await first, await second]).toEqual(['miss', 'miss, shared'])
  })
})

describe('claim 5: at table precision relations are complete', () => {
  const writes = [
    [
      'user',
      'update',
      {
        where: { id: 2 },
        data: { posts: { update: { where: { id: 3 }, data: { comments: { create: { text: 'deep' } } } } } },
      },
    ],
    [
      'comment',
      'update',
      {
        where: { id: 1 },
        data: {
          post: { update: { data: { author: { update: { profile: { update: { bio: 'deep' } } } } } } },
        },
      },
    ],
    [
      'tag',
      'update',
      { where: { id: 1 }, data: { posts: { updateMany: { where: {}, data: { views: 7 } } } } },
    ],
    ['category', 'delete', { where: { id: 1 } }],
    [
      'user',
      'update',
      {
        where: { id: 1 },
        data: { followers: { set: [{ id: 3 }] }, memberships: { deleteMany: { groupId: 2 } } },
      },
    ],
    ['membership', 'delete', { where: { userId_groupId: { userId: 1, groupId: 1 } } }],
    ['stock', 'update', { where: { sku: 's1' }, data: { sku: 's11' } }],
    ['user', 'delete', { where: { id: 4 } }],
  ] as const

  test('after each nested write and cascade every query of the battery is what the database holds', {
    timeout: 60_000,
  }, async () => {
    build({}, { datamodel: false })
    const client = prisma as unknown as PrismaClient
    for (const write of writes) {
      await Promise.all(battery.map((query) => query.run(client)))
      await perform(client, write as unknown as Parameters<typeof perform>[1])
      const wrong: string[] = []
      for (const query of battery)
        if (!isDeepStrictEqual(await query.run(client), await query.run(plain))) wrong.push(query.name)
      expect(wrong, JSON.stringify(write)).toEqual([])
    }
    expect(cache.stats().hits).toBeGreaterThan(0)
    await plain.stock.update({ where: { sku: 's11' }, data: { sku: 's1' } })
  })
})

describe('claim 7: types are exact', () => {
  /** The same read twice: from the database and from the cache. */
  async function expectSame(read: () => PromiseLike<unknown>): Promise<void> {
    const { result, reads } = await cache.explain(async () => [await read(), await read()] as const)
    expect(reads.map(({ source }) => source)).toEqual(['database', 'memory'])
    deepStrictEqual(result[1], result[0])
    expect(differentMaking(result[1], result[0])).toBeUndefined()
  }

  test('a hit is what the miss was, for rows with any values in every scalar', {
    timeout: 90_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(everything, async (data) => {
        const { id } = await prisma.everything.create({ data })
        await expectSame(() => prisma.everything.findUnique({ where: { id } }))
      }),
      { numRuns: setting('LARDER_TYPE_RUNS', 150) },
    )
    await expectSame(() => prisma.everything.findMany({ orderBy: { id: 'asc' }, take: 50 }))
    await expectSame(() =>
      prisma.everything.aggregate({
        _sum: { int: true },
        _avg: { int: true, small: true },
        _min: { decimal: true, big: true, moment: true, day: true },
        _max: { decimal: true, zoned: true, time: true, text: true },
        _count: true,
      }),
    )
    await expectSame(() =>
      prisma.everything.groupBy({
        by: ['color', 'bool'],
        _max: { big: true, decimal: true },
        _count: { _all: true },
        orderBy: [{ color: 'asc' }, { bool: 'asc' }],
      }),
    )
  })

  test('and for bigint keys, decimals, char(n), views and nothing at all', async () => {
    await plain.ledger.create({
      data: { id: 9_007_199_254_740_993n, amount: '12345678901234.5600', code: '0.10' },
    })
    await plain.document.create({ data: { slug: 'short', content: { a: [null, 1e21, -0, 'é'] } } })
    await expectSame(() => prisma.ledger.findUnique({ where: { id: 9_007_199_254_740_993n } }))
    await expectSame(() => prisma.ledger.findUnique({ where: { code: new Prisma.Decimal('0.1') } }))
    await expectSame(() => prisma.document.findUnique({ where: { slug: 'short' } }))
    await expectSame(() => prisma.authorStat.findMany({ orderBy: { authorId: 'asc' } }))
    await expectSame(() => prisma.user.findUnique({ where: { id: 12_345 } }))
    await expectSame(() => prisma.user.findMany({ where: { id: 12_345 } }))
    await expectSame(() => prisma.user.count())
  })

  test('a shared load gives every caller its own exact copy', async () => {
    const { id } = await prisma.everything.create({
      data: { bytes: new Uint8Array([1, 2]), decimal: '1.50', big: 2n ** 60n },
    })
    const read = () => prisma.everything.findFirstOrThrow({ where: { id } })
    const [one, other] = await Promise.all([read(), read()])
    deepStrictEqual(one, other)
    expect(differentMaking(one, other)).toBeUndefined()
    expect(one).not.toBe(other)
  })
})

describe('claim 12: safe and explainable', () => {
  test('a scope never reads the entry of another', async () => {
    let tenant: string | undefined = 'a'
    build({ scope: () => tenant, requireScope: true })
    await stock()
    expect(await told(() => stock())).toBe('memory')
    tenant = 'b'
    expect(await told(() => stock())).toBe('miss')
    tenant = undefined
    await expect(stock()).rejects.toMatchObject({ code: 'LARDER_SCOPE_REQUIRED' })
    await expect(setQuantity(1)).resolves.toMatchObject({ quantity: 1 })
    for (tenant of ['a', 'b']) expect((await stock()).quantity).toBe(1)
  })

  test('changing a result changes nobody else’s: not the miss’s, not a hit’s, not a shared one', async () => {
    const read = () => prisma.user.findUniqueOrThrow({ where: { id: 1 }, include: { posts: true } })
    const poison = (user: Awaited<ReturnType<typeof read>>): void => {
      user.name = 'poisoned'
      user.createdAt.setTime(0)
      user.posts.splice(0)
    }
    const truth = await plain.user.findUnique({ where: { id: 1 }, include: { posts: true } })
    for (const user of await Promise.all([read(), read()])) poison(user)
    for (let hit = 0; hit < 2; hit++) {
      const user = await read()
      deepStrictEqual(user, truth)
      poison(user)
    }
    expect(await told(read)).toBe('memory')
  })

  test('a write outside the library is seen when the lifetime is over, or after an invalidation', async () => {
    let skew = 0
    const clock = { ...systemClock, now: () => systemClock.now() + skew }
    const models = { ...EVERY_MODEL, Stock: { ttl: '1m', jitter: 0 } } as const
    build({ store: memoryStore({ clock }) }, { models })
    const outside = (quantity: number) => plain.stock.update({ where: { id: 1 }, data: { quantity } })
    await stock()
    await outside(5)
    expect((await stock()).quantity).toBe(0)
    skew = 60_000
    expect((await stock()).quantity).toBe(5)
    await outside(6)
    await prisma.$cache.invalidate({ models: ['Stock'] })
    expect((await stock()).quantity).toBe(6)
  })

  test('every read says where it came from and why', async () => {
    let skew = 0
    const clock = { ...systemClock, now: () => systemClock.now() + skew }
    const models = {
      ...EVERY_MODEL,
      Stock: { ttl: '1m', jitter: 0 },
      User: { ttl: '1m', operations: ['findMany'] },
    } as const
    build({ store: memoryStore({ clock }), maxValueBytes: '1kb' }, { models })
    expect(await told(() => stock())).toBe('miss')
    expect(await told(() => stock())).toBe('memory')
    await setQuantity(1)
    expect(await told(() => stock())).toBe('invalidated')
    skew = 61_000
    expect(await told(() => stock())).toBe('expired')
    expect(await told(() => prisma.$cached(false).stock.findUnique({ where: { id: 1 } }))).toBe('disabled')
    expect(await told(() => prisma.user.count())).toBe('disabled')
    expect(await told(() => prisma.$transaction((tx) => tx.stock.count()))).toBe('transaction')
    expect(await told(() => prisma.$queryRaw`SELECT 1`)).toBe('no-policy')
    await plain.setting.create({ data: { id: 'large', value: 'x'.repeat(2_000) } })
    expect(await told(() => prisma.setting.findMany())).toBe('too-large')
    const held = watched.hold(({ sql }) => /^\s*UPDATE/.test(sql))
    const write = setQuantity(2).then(() => {})
    await held.reached
    expect(await told(() => stock())).toBe('dirty')
    held.release()
    await write
    const { reads, hits, misses, bypasses } = cache.stats()
    expect(reads).toBe(hits + misses + bypasses)
    const { reads: explained } = await cache.explain(() => stock())
    expect(explained[0]).toMatchObject({ operation: 'Stock.findUniqueOrThrow', ttl: 60_000 })
    expect(explained[0]?.tags.length).toBeGreaterThan(0)
    expect(explained[0]?.key).toBeTypeOf('string')
  })
})
