import type { Cache } from '@larder/core'
import {
  type AccelerateInfo,
  type AcceleratePromise,
  type CacheStrategy,
  withAccelerate,
} from '@larder/prisma/accelerate'
import { assertType, describe, expectTypeOf, it } from 'vitest'
import type { Prisma, PrismaClient, User } from '../../../../prisma/generated/client/client.ts'
import { datamodel } from '../../../../prisma/generated/larder.ts'

// Never run: only the types are checked.
declare const base: PrismaClient
declare const cache: Cache

const withResult = base.$extends({
  result: { user: { upper: { needs: { email: true }, compute: (user) => user.email.toUpperCase() } } },
})
const prisma = withResult.$extends(withAccelerate({ cache, datamodel }))
const plain = base.$extends(withAccelerate({ cache, datamodel, models: { User: { ttl: '5s' } } }))

const id = { where: { id: 1 } }
const cacheStrategy: CacheStrategy = { ttl: 60, swr: 30, tags: ['users'] }

describe('every read accepts a cacheStrategy', () => {
  it('and its result has the same type as without one', async () => {
    expectTypeOf(await plain.user.findUnique({ ...id, cacheStrategy })).toEqualTypeOf<User | null>()
    expectTypeOf(await plain.user.findUniqueOrThrow({ ...id, cacheStrategy })).toEqualTypeOf<User>()
    expectTypeOf(await plain.user.findFirst({ cacheStrategy })).toEqualTypeOf<User | null>()
    expectTypeOf(await plain.user.findFirstOrThrow({ cacheStrategy })).toEqualTypeOf<User>()
    expectTypeOf(await plain.user.findMany({ cacheStrategy })).toEqualTypeOf<User[]>()
    expectTypeOf(await plain.user.findMany()).toEqualTypeOf<User[]>()
    expectTypeOf(await plain.user.count()).toEqualTypeOf<number>()
    expectTypeOf(await plain.user.count({ cacheStrategy })).toEqualTypeOf<number>()
    const counts = await plain.user.count({ select: { _all: true, name: true }, cacheStrategy })
    expectTypeOf(counts).toEqualTypeOf<{ _all: number; name: number }>()
    const sum = await plain.ledger.aggregate({ _sum: { amount: true }, _count: true, cacheStrategy })
    expectTypeOf(sum._sum.amount).toEqualTypeOf<Prisma.Decimal | null>()
    expectTypeOf(sum._count).toEqualTypeOf<number>()
    const groups = await plain.ledger.groupBy({ by: ['code'], _max: { amount: true }, cacheStrategy })
    expectTypeOf<(typeof groups)[number]['_max']>().toEqualTypeOf<{ amount: Prisma.Decimal | null }>()
    expectTypeOf<(typeof groups)[number]['code']>().toEqualTypeOf<Prisma.Decimal>()
    expectTypeOf(await plain.user.findMany({ select: { id: true }, cacheStrategy })).toEqualTypeOf<
      { id: number }[]
    >()
    expectTypeOf(await plain.user.findFirstOrThrow({ omit: { avatar: true }, cacheStrategy })).toEqualTypeOf<
      Omit<User, 'avatar'>
    >()
    const withPosts = await plain.user.findFirstOrThrow({
      include: { posts: { select: { title: true } } },
      cacheStrategy,
    })
    expectTypeOf(withPosts.posts).toEqualTypeOf<{ title: string }[]>()
  })

  it('and no write does', () => {
    const data = { name: 'x' }
    // @ts-expect-error a write is not cached
    void prisma.user.create({ data: { email: 'a@x' }, cacheStrategy })
    // @ts-expect-error a write is not cached
    void prisma.user.createMany({ data: [], cacheStrategy })
    // @ts-expect-error a write is not cached
    void prisma.user.createManyAndReturn({ data: [], cacheStrategy })
    // @ts-expect-error a write is not cached
    void prisma.user.update({ ...id, data, cacheStrategy })
    // @ts-expect-error a write is not cached
    void prisma.user.updateMany({ data, cacheStrategy })
    // @ts-expect-error a write is not cached
    void prisma.user.updateManyAndReturn({ data, cacheStrategy })
    // @ts-expect-error a write is not cached
    void prisma.user.upsert({ ...id, create: { email: 'a@x' }, update: data, cacheStrategy })
    // @ts-expect-error a write is not cached
    void prisma.user.delete({ ...id, cacheStrategy })
    // @ts-expect-error a write is not cached
    void prisma.user.deleteMany({ cacheStrategy })
    // @ts-expect-error nor has it that method
    void prisma.user.delete(id).withAccelerateInfo
  })

  it('mistakes are compile errors', () => {
    // @ts-expect-error no such option
    void prisma.user.findMany({ cacheStrategy: { ttl: 60, tll: 5 } })
    // @ts-expect-error seconds are numbers
    void prisma.user.findMany({ cacheStrategy: { ttl: '60s' } })
    // @ts-expect-error tags are an array
    void prisma.user.findMany({ cacheStrategy: { ttl: 60, tags: 'users' } })
    // @ts-expect-error no such field
    void prisma.user.findMany({ where: { emaill: 'x' }, cacheStrategy })
    // @ts-expect-error no such argument
    void prisma.user.findMany({ wher: {}, cacheStrategy })
    // @ts-expect-error not unique
    void prisma.user.findUnique({ where: { name: 'x' }, cacheStrategy })
    // @ts-expect-error one or the other
    void prisma.user.findMany({ select: { id: true }, include: { posts: true }, cacheStrategy })
    // @ts-expect-error one or the other
    void prisma.user.findMany({ select: { id: true }, omit: { id: true }, cacheStrategy })
  })
})

it('withAccelerateInfo adds the cache status of the read', async () => {
  const { data, info } = await prisma.user.count({ cacheStrategy }).withAccelerateInfo()
  expectTypeOf(data).toEqualTypeOf<number>()
  expectTypeOf(info).toEqualTypeOf<AccelerateInfo>()
  expectTypeOf(info.cacheStatus).toEqualTypeOf<'ttl' | 'swr' | 'miss' | 'none'>()
  expectTypeOf(info.lastModified).toEqualTypeOf<Date>()
  expectTypeOf(info.region).toEqualTypeOf<string>()
  expectTypeOf(info.requestId).toEqualTypeOf<string>()
  expectTypeOf(info.signature).toEqualTypeOf<string>()
  assertType<AcceleratePromise<User[]>>(plain.user.findMany({ cacheStrategy }))
})

it('result extensions are typed on whole rows and selections', async () => {
  const { data } = await prisma.user.findFirstOrThrow({ cacheStrategy }).withAccelerateInfo()
  expectTypeOf(data.upper).toEqualTypeOf<string>()
  const selected = await prisma.user.findMany({ select: { id: true, upper: true }, cacheStrategy })
  expectTypeOf(selected).toEqualTypeOf<{ id: number; upper: string }[]>()
  const later = plain.$extends({
    result: { user: { age: { needs: { createdAt: true }, compute: (user) => user.createdAt.getTime() } } },
  })
  expectTypeOf((await later.user.findFirstOrThrow({ cacheStrategy })).age).toEqualTypeOf<number>()
  expectTypeOf(
    (await later.$cached(false).user.findFirstOrThrow({ cacheStrategy })).age,
  ).toEqualTypeOf<number>()
})

it('the fluent API is typed', async () => {
  const posts = await plain.user
    .findUniqueOrThrow({ ...id, cacheStrategy })
    .posts({ select: { title: true } })
  expectTypeOf(posts).toEqualTypeOf<{ title: string }[]>()
  expectTypeOf(await plain.post.findUniqueOrThrow({ ...id, cacheStrategy }).author()).toEqualTypeOf<User>()
  expectTypeOf(await plain.post.findUnique({ ...id, cacheStrategy }).author()).toEqualTypeOf<User | null>()
  expectTypeOf(await plain.post.findUniqueOrThrow(id).editor()).toEqualTypeOf<User | null>()
  const deeper = await plain.post
    .findUniqueOrThrow(id)
    .author()
    .posts({ select: { id: true } })
  expectTypeOf(deeper).toEqualTypeOf<{ id: number }[]>()
  // @ts-expect-error no such relation
  void plain.user.findUniqueOrThrow(id).nothing
  // @ts-expect-error no such field
  void plain.user.findUniqueOrThrow(id).posts({ select: { nothing: true } })
})

describe('$transaction', () => {
  it('of an array is a tuple of its results', async () => {
    const result = await prisma.$transaction([
      prisma.user.count({ cacheStrategy }),
      plain.post.findMany({ select: { id: true }, cacheStrategy }).withAccelerateInfo(),
    ])
    expectTypeOf(result).toEqualTypeOf<[number, { data: { id: number }[]; info: AccelerateInfo }]>()
  })

  it('of a callback has the same reads', async () => {
    await prisma.$transaction(async (tx) => {
      const { data } = await tx.user.findUniqueOrThrow({ ...id, cacheStrategy }).withAccelerateInfo()
      expectTypeOf(data.upper).toEqualTypeOf<string>()
      expectTypeOf(tx.$accelerate.invalidate).toBeFunction()
      await tx.user.lock(id)
    })
  })
})

it('$accelerate and the additions of prismaCache are typed', async () => {
  expectTypeOf(await prisma.$accelerate.invalidate({ tags: ['users'] })).toEqualTypeOf<{
    requestId: string
  }>()
  expectTypeOf(await prisma.$accelerate.invalidateAll()).toEqualTypeOf<{ requestId: string }>()
  // @ts-expect-error tags are needed
  void prisma.$accelerate.invalidate({})
  // @ts-expect-error an array
  void prisma.$accelerate.invalidate({ tags: 'users' })
  expectTypeOf(prisma.$cached({ ttl: '5s' })).toEqualTypeOf<typeof prisma>()
  void prisma.$cache.invalidate({ models: ['User'] })
  // @ts-expect-error no such model
  void prisma.$cache.invalidate({ models: ['Users'] })
  // @ts-expect-error no such model
  withAccelerate({ cache, datamodel, models: { Users: { ttl: '5s' } } })
  // @ts-expect-error no cache
  withAccelerate({ datamodel })
})
