import { createCache, memoryStore } from '@larder/core'
import { type AccelerateInfo, type PrismaCacheStrategy, withAccelerate } from '@larder/prisma/accelerate'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { Prisma } from '../../../../prisma/generated/client/client.ts'
import { datamodel, PrismaClient, postgresDatabase, type TestDatabase } from '../support/client.ts'

// What the documentation of Accelerate shows, in programs of our own. A program on Accelerate differs from them in its import,
// in the options of `withAccelerate`, and in `accelerateUrl` for `adapter`.

let database: TestDatabase
beforeAll(async () => {
  database = await postgresDatabase()
  await database.exec(
    `INSERT INTO app_user (email, name, updated_at) VALUES
      ('alice@example.com', 'Alice', now()), ('bob@example.com', 'Bob', now())`,
  )
})
afterAll(() => database.stop())

/** One client for the whole program, also when a framework loads its modules again. */
function getPrisma() {
  const cache = createCache({ store: memoryStore({ isolated: true }) })
  const base = new PrismaClient({ adapter: database.adapter(() => {}) })
  onTestFinished(async () => {
    await cache.close()
    await base.$disconnect()
  })
  return base.$extends(withAccelerate({ cache, datamodel }))
}

it('a ttl, swr and tags work as documented', async () => {
  const prisma = getPrisma()
  const users = await prisma.user.findMany({
    where: { email: { contains: 'alice@' } },
    cacheStrategy: { swr: 60, ttl: 60, tags: ['emails_with_alice'] },
  })
  expect(users.map((user) => user.name)).toEqual(['Alice'])
})

it('a ttl without swr, and swr without a ttl, work as documented', async () => {
  const prisma = getPrisma()
  expect(await prisma.user.findMany({ cacheStrategy: { ttl: 60 } })).toHaveLength(2)
  expect(await prisma.user.findMany({ where: { id: 1 }, cacheStrategy: { swr: 60 } })).toHaveLength(1)
})

it('a result with its cache status works as documented', async () => {
  const prisma = getPrisma()
  const count = () =>
    prisma.user.count({ cacheStrategy: { ttl: 60, swr: 600 }, where: { name: 'Alice' } }).withAccelerateInfo()
  const { data, info } = await count()
  expect([data, info?.cacheStatus]).toEqual([1, 'miss'])
  const again = await count()
  const { cacheStatus, lastModified, region, requestId, signature } = again.info
  expect(cacheStatus).toBe('ttl')
  expect(lastModified).toBeInstanceOf(Date)
  expect([typeof region, typeof requestId, signature]).toEqual(['string', 'string', info.signature])
})

it('the cache status as a response header works as documented', async () => {
  const prisma = getPrisma()
  const headers = (info: AccelerateInfo | null) => ({
    'x-cache': info?.cacheStatus ?? 'none',
    'last-modified': info?.lastModified.toUTCString() ?? '',
  })
  const { data, info } = await prisma.user
    .findMany({ take: 1, orderBy: { id: 'asc' }, cacheStrategy: { ttl: 5 } })
    .withAccelerateInfo()
  expect([data[0]?.name, headers(info)['x-cache']]).toEqual(['Alice', 'miss'])
})

it('invalidation by tags, with the errors of Accelerate, works as documented', async () => {
  const prisma = getPrisma()
  const read = () =>
    prisma.user.findMany({ cacheStrategy: { ttl: 3_600, tags: ['users', 'list'] } }).withAccelerateInfo()
  await read()
  try {
    await prisma.$accelerate.invalidate({ tags: ['users'] })
  } catch (error) {
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P6003')
      throw new Error('there is no limit of invalidations')
    throw error
  }
  expect((await read()).info.cacheStatus).toBe('miss')
  await prisma.$accelerate.invalidateAll()
  expect((await read()).info.cacheStatus).toBe('miss')
})

it('a write followed by an invalidation of its tag works as documented', async () => {
  const prisma = getPrisma()
  const tags = ['user_2']
  const read = () => prisma.user.findUnique({ where: { id: 2 }, cacheStrategy: { ttl: 60, tags } })
  await read()
  await prisma.user.update({ where: { id: 2 }, data: { name: 'Robert' } })
  await prisma.$accelerate.invalidate({ tags })
  expect((await read())?.name).toBe('Robert')
})

it('a strategy chosen at run time works as documented', async () => {
  const prisma = getPrisma()
  const strategies: Record<string, PrismaCacheStrategy['cacheStrategy']> = {
    often: { ttl: 60 },
    never: undefined,
  }
  const statusOf = async (cacheStrategy: PrismaCacheStrategy['cacheStrategy']) =>
    (await prisma.user.count({ cacheStrategy }).withAccelerateInfo()).info.cacheStatus
  expect([await statusOf(strategies.often), await statusOf(strategies.never)]).toEqual(['miss', 'none'])
})

it('an extension added afterwards and a client passed to a function work as documented', async () => {
  const prisma = getPrisma().$extends({
    result: { user: { label: { needs: { email: true }, compute: ({ email }) => `<${email}>` } } },
  })
  const first = (db: typeof prisma) =>
    db.user.findFirstOrThrow({ orderBy: { id: 'asc' }, cacheStrategy: { ttl: 60 } })
  expect([(await first(prisma)).label, (await first(prisma)).label]).toEqual([
    '<alice@example.com>',
    '<alice@example.com>',
  ])
})

it('aggregates and groups work as documented', async () => {
  const prisma = getPrisma()
  const { _max, _count } = await prisma.user.aggregate({
    _max: { id: true },
    _count: { _all: true },
    cacheStrategy: { ttl: 60 },
  })
  expect([_max.id, _count._all]).toEqual([2, 2])
  const groups = await prisma.user.groupBy({
    by: ['role'],
    _count: { id: true },
    cacheStrategy: { ttl: 60 },
  })
  expect(groups.map((group) => group._count.id)).toEqual([2])
})
