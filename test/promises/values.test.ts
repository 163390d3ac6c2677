import { deepStrictEqual } from 'node:assert/strict'
import { setting } from '@larder/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Prisma } from '../../prisma/generated/client/client.ts'
import { cachedPrisma } from '../support/cached-prisma.ts'
import { differentMaking, scalarRow } from '../workload/prisma/scalar-rows.ts'

const here = cachedPrisma()

/** Reads twice, from the database and from the cache, and compares. */
async function expectSame(read: () => PromiseLike<unknown>): Promise<void> {
  const { result, reads } = await here.cache.explain(async () => [await read(), await read()] as const)
  expect(reads.map(({ source }) => source)).toEqual(['database', 'memory'])
  deepStrictEqual(result[1], result[0])
  expect(differentMaking(result[1], result[0])).toBeUndefined()
}

test('a hit equals the miss before it, for random values of every scalar type', async () => {
  await fc.assert(
    fc.asyncProperty(scalarRow, async (data) => {
      const { id } = await here.prisma.everything.create({ data })
      await expectSame(() => here.prisma.everything.findUnique({ where: { id } }))
    }),
    { numRuns: setting('LARDER_TYPE_RUNS', 60, 500) },
  )
  await expectSame(() => here.prisma.everything.findMany({ orderBy: { id: 'asc' }, take: 50 }))
  await expectSame(() =>
    here.prisma.everything.aggregate({
      _sum: { int: true },
      _avg: { int: true, small: true },
      _min: { decimal: true, big: true, moment: true, day: true },
      _max: { decimal: true, zoned: true, time: true, text: true },
      _count: true,
    }),
  )
  await expectSame(() =>
    here.prisma.everything.groupBy({
      by: ['color', 'bool'],
      _max: { big: true, decimal: true },
      _count: { _all: true },
      orderBy: [{ color: 'asc' }, { bool: 'asc' }],
    }),
  )
})

test('a hit equals the miss before it for bigint keys, decimals, char(n), views and empty results', async () => {
  await here.plain.ledger.create({
    data: { id: 9_007_199_254_740_993n, amount: '12345678901234.5600', code: '0.10' },
  })
  await here.plain.document.create({ data: { slug: 'short', content: { a: [null, 1e21, -0, 'é'] } } })
  await expectSame(() => here.prisma.ledger.findUnique({ where: { id: 9_007_199_254_740_993n } }))
  await expectSame(() => here.prisma.ledger.findUnique({ where: { code: new Prisma.Decimal('0.1') } }))
  await expectSame(() => here.prisma.document.findUnique({ where: { slug: 'short' } }))
  await expectSame(() => here.prisma.authorStat.findMany({ orderBy: { authorId: 'asc' } }))
  await expectSame(() => here.prisma.user.findUnique({ where: { id: 12_345 } }))
  await expectSame(() => here.prisma.user.findMany({ where: { id: 12_345 } }))
  await expectSame(() => here.prisma.user.count())
})

test('callers that share a load each get an exact, separate copy', async () => {
  const { id } = await here.prisma.everything.create({
    data: { bytes: new Uint8Array([1, 2]), decimal: '1.50', big: 2n ** 60n },
  })
  const read = () => here.prisma.everything.findFirstOrThrow({ where: { id } })
  const [first, second] = await Promise.all([read(), read()])
  deepStrictEqual(first, second)
  expect(differentMaking(first, second)).toBeUndefined()
  expect(first).not.toBe(second)
})

test('changing a result changes no other result, after a miss, a hit or a shared load', async () => {
  const read = () => here.prisma.user.findUniqueOrThrow({ where: { id: 1 }, include: { posts: true } })
  const poison = (user: Awaited<ReturnType<typeof read>>): void => {
    user.name = 'poisoned'
    user.createdAt.setTime(0)
    user.posts.splice(0)
  }
  const truth = await here.plain.user.findUnique({ where: { id: 1 }, include: { posts: true } })
  for (const user of await Promise.all([read(), read()])) poison(user)
  for (let hit = 0; hit < 2; hit++) {
    const user = await read()
    deepStrictEqual(user, truth)
    poison(user)
  }
  expect(await here.sourcesOf(read)).toBe('memory')
})
