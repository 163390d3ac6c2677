import { setTimeout as sleep } from 'node:timers/promises'
import { CacheError, createCache, memoryStore, type PolicyOptions } from '@larder/core'
import { withAccelerate } from '@larder/prisma/accelerate'
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { datamodel, errorOf, PrismaClient, postgresDatabase, type TestDatabase } from '../support/client.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await postgresDatabase()
})
afterAll(() => database.stop())
beforeEach(async () => {
  await database.exec('TRUNCATE app_user RESTART IDENTITY CASCADE')
  await database.exec(
    `INSERT INTO app_user (email, name, updated_at) VALUES ('a@x', 'a', now()), ('b@x', 'b', now())`,
  )
})

const byId1 = { where: { id: 1 } }
const minute = { ttl: 60 }
const strategy = { cacheStrategy: minute }

interface Options {
  readonly invalidateOnWrite?: boolean
  readonly models?: { readonly [M in 'User' | 'Post' | '*']?: PolicyOptions }
  readonly omit?: { readonly user: { readonly name: true } }
}

/** A client over a cache of its own, and the number of statements it has sent. */
function connect({ omit, ...options }: Options = {}) {
  const sent: string[] = []
  const adapter = database.adapter((sql, phase) => {
    if (phase === 'sent' && !/^(?:BEGIN|COMMIT|ROLLBACK)/.test(sql)) sent.push(sql)
  })
  const base = new PrismaClient({ adapter, ...(omit && { omit }) })
  const cache = createCache({ store: memoryStore({ isolated: true }) })
  onTestFinished(async () => {
    await cache.close()
    await base.$disconnect()
  })
  const db = base.$extends(withAccelerate({ cache, datamodel, ...options }))
  return { db, base, cache, sent, statements: () => sent.splice(0).length }
}

it('caches every read that has a cacheStrategy, and no other read', async () => {
  const { db, statements } = connect()
  const reads = [
    (more: object) => db.user.findUnique({ ...byId1, ...more }).withAccelerateInfo(),
    (more: object) =>
      db.user.findUniqueOrThrow({ ...byId1, select: { name: true }, ...more }).withAccelerateInfo(),
    (more: object) => db.user.findFirst({ ...byId1, ...more }).withAccelerateInfo(),
    (more: object) => db.user.findFirstOrThrow({ ...byId1, ...more }).withAccelerateInfo(),
    (more: object) => db.user.findMany(more).withAccelerateInfo(),
    (more: object) => db.user.count(more).withAccelerateInfo(),
    (more: object) => db.user.aggregate({ _max: { id: true }, ...more }).withAccelerateInfo(),
    (more: object) =>
      db.user.groupBy({ by: ['name'], orderBy: { name: 'asc' }, ...more }).withAccelerateInfo(),
  ]
  for (const read of reads) {
    const plain = [await read({}), await read({})]
    expect(statements()).toBe(2)
    const cached = [await read(strategy), await read(strategy)]
    expect(statements()).toBe(1)
    const all = [...plain, ...cached]
    expect(all.map(({ info }) => info.cacheStatus)).toEqual(['none', 'none', 'miss', 'ttl'])
    expect(new Set(all.map(({ data }) => JSON.stringify(data))).size).toBe(1)
    expect(all[0]?.data).toBeTruthy()
    expect(cached[1]?.info.signature).toBe(cached[0]?.info.signature)
    expect(cached[1]?.info.requestId).not.toBe(cached[0]?.info.requestId)
  }
})

it('reports when the result was loaded', async () => {
  const { db } = connect()
  const before = Date.now()
  const { info: miss } = await db.user.count(strategy).withAccelerateInfo()
  const after = Date.now()
  // Longer than the two clocks that a busy process reads one after the other can be apart.
  await sleep(300)
  const { info: hit } = await db.user.count(strategy).withAccelerateInfo()
  for (const { lastModified } of [miss, hit]) {
    expect(lastModified.getTime()).toBeGreaterThanOrEqual(before)
    expect(lastModified.getTime()).toBeLessThanOrEqual(after + 100)
  }
  expect(hit.region).toBe('unspecified')
})

it('answers a read without withAccelerateInfo from the same entry', async () => {
  const { db, statements } = connect()
  await db.user.findMany(strategy)
  await db.user.findMany(strategy)
  expect(statements()).toBe(1)
  expect((await db.user.findMany(strategy).withAccelerateInfo()).info.cacheStatus).toBe('ttl')
})

it('serves an expired result for swr seconds and refreshes it in the background', async () => {
  const { db, sent } = connect()
  const read = () => db.user.count({ cacheStrategy: { swr: 60 } }).withAccelerateInfo()
  expect((await read()).info.cacheStatus).toBe('miss')
  await sleep(20)
  expect((await read()).info.cacheStatus).toBe('swr')
  await expect.poll(() => sent.length).toBe(2)
})

it('never serves an expired result that a write has invalidated', async () => {
  const { db } = connect()
  const read = () => db.user.findUnique({ ...byId1, cacheStrategy: { swr: 60 } }).withAccelerateInfo()
  await read()
  await db.user.update({ ...byId1, data: { name: 'new' } })
  await sleep(20)
  expect(await read()).toMatchObject({ data: { name: 'new' }, info: { cacheStatus: 'miss' } })
})

it('does not cache with a ttl of 0 or with a strategy that has tags only', async () => {
  const { db, statements } = connect()
  for (const cacheStrategy of [{}, { ttl: 0 }, { ttl: 0, swr: 0 }, { tags: ['a'] }, undefined]) {
    const read = () => db.user.count({ ...(cacheStrategy && { cacheStrategy }) }).withAccelerateInfo()
    expect([(await read()).info.cacheStatus, (await read()).info.cacheStatus]).toEqual(['none', 'none'])
    expect(statements()).toBe(2)
  }
})

it('invalidates by tag and everything', async () => {
  const { db } = connect()
  const users = () =>
    db.user.findMany({ cacheStrategy: { ttl: 60, tags: ['users', 'all_1'] } }).withAccelerateInfo()
  const posts = () => db.post.findMany({ cacheStrategy: { ttl: 60, tags: ['posts'] } }).withAccelerateInfo()
  const statuses = async () => [(await users()).info.cacheStatus, (await posts()).info.cacheStatus]
  expect(await statuses()).toEqual(['miss', 'miss'])
  // A tag named like what JavaScript writes for no tags, beside an equal strategy without tags.
  const named = () =>
    db.user.findFirst({ cacheStrategy: { ttl: 60, tags: ['undefined'] } }).withAccelerateInfo()
  await db.user.count({ cacheStrategy: { ttl: 60 } })
  await named()
  await db.$accelerate.invalidate({ tags: ['undefined'] })
  expect((await named()).info.cacheStatus).toBe('miss')

  const { requestId } = await db.$accelerate.invalidate({ tags: ['users'] })
  expect(requestId).toMatch(/^[\da-f-]{36}$/)
  expect(await statuses()).toEqual(['miss', 'ttl'])
  await db.$accelerate.invalidateAll()
  expect(await statuses()).toEqual(['miss', 'miss'])
})

it('with invalidateOnWrite: false a write invalidates nothing until the ttl is over or a tag is invalidated', async () => {
  const { db, cache, base } = connect({ invalidateOnWrite: false })
  const name = async (cacheStrategy: object) =>
    (await db.user.findUnique({ ...byId1, include: { posts: true }, cacheStrategy }))?.name
  const tagged = { ttl: 60, tags: ['users'] }
  await name(tagged)
  await db.user.update({ ...byId1, data: { name: 'new' } })
  await db.$executeRaw`UPDATE app_user SET name = 'raw' WHERE id = 1`
  expect(await name(tagged)).toBe('a')
  // A read that accepts less age must not be given that entry.
  expect(await name({ ttl: 1 })).toBe('raw')
  await db.$accelerate.invalidate({ tags: ['users'] })
  expect(await name(tagged)).toBe('raw')

  await name({ ttl: 0.05 })
  await db.user.update({ ...byId1, data: { name: 'later' } })
  await sleep(80)
  expect(await name({ ttl: 0.05 })).toBe('later')
  expect(await name(tagged)).toBe('raw')
  await db.$accelerate.invalidateAll()
  expect(await name(tagged)).toBe('later')
  expect(cache.stats().bypasses).toBe(0)
  await base.$disconnect()
})

it('a client that ignores writes shares no entry with one that depends on them, and still invalidates its entries', async () => {
  const { db, base, cache } = connect()
  const timed = base.$extends(withAccelerate({ cache, datamodel, invalidateOnWrite: false }))
  const read = (client: typeof db) =>
    client.user.findUnique({ ...byId1, ...strategy }).then((user) => user?.name)
  // The wrapped adapter shows its database once it is connected.
  await base.$connect()
  expect([await read(timed), await read(db)]).toEqual(['a', 'a'])
  await timed.user.update({ ...byId1, data: { name: 'new' } })
  expect([await read(timed), await read(db)]).toEqual(['a', 'new'])
})

it('rejects the strategies and tags that Accelerate refuses, before any statement', async () => {
  const { db, statements } = connect()
  const six = ['a', 'b', 'c', 'd', 'e', 'f']
  const refused: [object, RegExp][] = [
    [{ ttl: -1 }, /cacheStrategy\.ttl is -1/],
    [{ ttl: 60, swr: -0.5 }, /cacheStrategy\.swr is -0\.5/],
    [{ ttl: Number.NaN }, /cacheStrategy\.ttl is NaN/],
    [{ ttl: Number.POSITIVE_INFINITY }, /cacheStrategy\.ttl is Infinity/],
    [{ ttl: '60s' }, /cacheStrategy\.ttl is "60s"/],
    [{ ttl: 60, tags: six }, /has 6 tags: give at most 5/],
    [{ ttl: 60, tags: ['a-b'] }, /has "a-b": a tag has 1 to 64 letters/],
    [{ ttl: 60, tags: [''] }, /has ""/],
    [{ ttl: 60, tags: ['x'.repeat(65)] }, /a tag has 1 to 64/],
    [{ ttl: 60, tags: 'users' }, /cacheStrategy\.tags is "users": give an array/],
    [{ tll: 60 }, /no option tll/],
  ]
  for (const [cacheStrategy, message] of refused) {
    const error = await errorOf(db.user.findMany({ cacheStrategy } as object))
    expect(error).toBeInstanceOf(CacheError)
    expect(error.message).toMatch(message)
  }
  await db.user.count({
    cacheStrategy: {
      ttl: 60,
      tags: six
        .slice(1)
        .concat()
        .map((tag) => tag.repeat(64)),
    },
  })
  expect(statements()).toBe(1)
  for (const tags of [six, ['a-b'], [], undefined, 'all'])
    expect(await errorOf(db.$accelerate.invalidate({ tags: tags as string[] }))).toMatchObject({
      code: 'LARDER_CONFIG',
    })
})

it('passes a cacheStrategy of a write on to Prisma, which refuses it', async () => {
  const { db } = connect()
  const error = await errorOf(db.user.updateMany({ data: { name: 'x' }, ...strategy } as { data: object }))
  expect(error.message).toMatch(/Unknown argument `cacheStrategy`/)
})

it('accepts and ignores a cacheStrategy in transactions of both forms', async () => {
  const { db, statements } = connect()
  await db.user.findMany(strategy)
  statements()
  const array = await db.$transaction([
    db.user.findMany(strategy),
    db.user.update({ ...byId1, data: { name: 'new' } }),
    db.user.findUnique({ ...byId1, ...strategy }).withAccelerateInfo(),
    db.user.count().withAccelerateInfo(),
  ])
  expect(array.map((result) => (Array.isArray(result) ? result.length : result))).toMatchObject([
    2,
    { name: 'new' },
    { data: { name: 'new' }, info: { cacheStatus: 'none' } },
    { data: 2, info: { cacheStatus: 'none' } },
  ])
  expect(statements()).toBe(4)
  const interactive = await db.$transaction(async (tx) => {
    await tx.user.update({ ...byId1, data: { name: 'inside' } })
    const { data, info } = await tx.user.findUniqueOrThrow({ ...byId1, ...strategy }).withAccelerateInfo()
    const plain = await tx.user.findUniqueOrThrow({ ...byId1, ...strategy })
    return [data.name, info.cacheStatus, plain.name]
  })
  expect(interactive).toEqual(['inside', 'none', 'inside'])
  expect((await db.user.findUnique({ ...byId1, ...strategy }))?.name).toBe('inside')
})

it('applies an invalidation in a transaction at COMMIT', async () => {
  const { db } = connect({ invalidateOnWrite: false })
  const read = () => db.user.count({ cacheStrategy: { ttl: 60, tags: ['users'] } }).withAccelerateInfo()
  await read()
  const rolledBack = db.$transaction(async (tx) => {
    await tx.$accelerate.invalidate({ tags: ['users'] })
    throw new Error('back')
  })
  await expect(rolledBack).rejects.toThrow('back')
  expect((await read()).info.cacheStatus).toBe('ttl')
  await db.$transaction(async (tx) => void (await tx.$accelerate.invalidate({ tags: ['users'] })))
  expect((await read()).info.cacheStatus).toBe('miss')
})

it('applies result extensions to the data, added before or afterwards', async () => {
  const { base, cache } = connect()
  const upper = {
    needs: { name: true },
    compute: (user: { name: string | null }) => user.name?.toUpperCase(),
  } as const
  const before = base.$extends({ result: { user: { upper } } }).$extends(withAccelerate({ cache, datamodel }))
  const after = before.$extends({ result: { user: { lower: { ...upper, compute: () => 'lower' } } } })
  for (const db of [before, after]) {
    const rows = await db.user.findMany({ ...strategy, orderBy: { id: 'asc' } }).withAccelerateInfo()
    expect(rows.data.map((row) => row.upper)).toEqual(['A', 'B'])
    expect(Object.keys(rows)).toEqual(['data', 'info'])
    const { data } = await db.user
      .findUniqueOrThrow({ ...byId1, ...strategy, select: { upper: true } })
      .withAccelerateInfo()
    expect([Object.keys(data), data.upper]).toEqual([['upper'], 'A'])
  }
  const { data, info } = await after.user.findUniqueOrThrow({ ...byId1, ...strategy }).withAccelerateInfo()
  expect(data).toMatchObject({ upper: 'A', lower: 'lower' })
  expect('upper' in info).toBe(false)
})

it('supports query extensions and the fluent API with a cacheStrategy', async () => {
  const { db: plain, statements } = connect()
  const db = plain.$extends({
    query: {
      user: { findMany: ({ args, query }) => query({ ...args, where: { ...args.where, name: 'b' } }) },
    },
  })
  const { data, info } = await db.user.findMany(strategy).withAccelerateInfo()
  expect([data.map((user) => user.name), info.cacheStatus]).toEqual([['b'], 'miss'])
  expect((await db.user.findMany(strategy).withAccelerateInfo()).info.cacheStatus).toBe('ttl')
  await db.post.create({ data: { title: 't', authorId: 1 } })
  statements()
  const posts = () => db.user.findUniqueOrThrow({ ...byId1, ...strategy }).posts({ select: { title: true } })
  expect(await posts()).toEqual([{ title: 't' }])
  const first = statements()
  expect(await posts()).toEqual([{ title: 't' }])
  expect([first > 0, statements()]).toEqual([true, 0])
})

it('supports omit in a call and for the whole client', async () => {
  const { db } = connect({ omit: { user: { name: true } } })
  for (let run = 0; run < 2; run++) {
    const user = await db.user.findUniqueOrThrow({ ...byId1, omit: { email: true }, ...strategy })
    expect(Object.keys(user)).not.toContain('name')
    expect(Object.keys(user)).not.toContain('email')
    expect(user.id).toBe(1)
  }
})

it('caches a model with a ttl of its own without a cacheStrategy, but not one with other options only', async () => {
  const { db, cache } = connect({
    models: { User: { ttl: '1m', tags: ['own'] }, '*': { jitter: 0, singleFlight: false } },
  })
  const statuses = async (
    read: () => { withAccelerateInfo(): PromiseLike<{ info: { cacheStatus: string } }> },
  ) => [
    (await read().withAccelerateInfo()).info.cacheStatus,
    (await read().withAccelerateInfo()).info.cacheStatus,
  ]
  expect(await statuses(() => db.user.count())).toEqual(['miss', 'ttl'])
  expect(await statuses(() => db.post.count())).toEqual(['none', 'none'])
  expect(await statuses(() => db.post.count(strategy))).toEqual(['miss', 'ttl'])
  expect(await statuses(() => db.$cached(false).post.count(strategy))).toEqual(['none', 'none'])
  expect(await statuses(() => db.$cached({ ttl: '1m' }).post.findMany())).toEqual(['miss', 'ttl'])
  const { reads } = await cache.explain(() => db.post.count(strategy).withAccelerateInfo())
  expect(reads).toMatchObject([{ operation: 'Post.count', source: 'memory' }])
})

it('names itself and the fix in configuration errors', () => {
  const { base, db, cache } = connect()
  // @ts-expect-error an option of Accelerate's own extension
  expect(() => withAccelerate({ cache, fetch })).toThrow('withAccelerate has no option fetch')
  // @ts-expect-error options are needed
  expect(() => withAccelerate()).toThrow('withAccelerate: cache is undefined')
  // @ts-expect-error no boolean
  expect(() => withAccelerate({ cache, invalidateOnWrite: 'no' })).toThrow('invalidateOnWrite is "no"')
  expect(() => (db as unknown as typeof base).$extends(withAccelerate({ cache }))).toThrow('add it once')
})
