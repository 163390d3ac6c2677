import type { Cache, Stats } from '@larder/core'
import { type CachedClient, type CachedTransaction, prismaCache } from '@larder/prisma'
import { assertType, describe, expectTypeOf, it } from 'vitest'
import type { Ledger, Prisma, PrismaClient, User } from '../../../../prisma/generated/client/client.ts'
import { datamodel } from '../../../../prisma/generated/larder.ts'

// Never run: only the types are checked.
declare const base: PrismaClient
declare const cache: Cache

const withResult = base.$extends({
  result: { user: { upper: { needs: { email: true }, compute: (user) => user.email.toUpperCase() } } },
})
const prisma = withResult.$extends(prismaCache({ cache, datamodel, models: { User: { ttl: '5s' } } }))
const plain = base.$extends(prismaCache({ cache, datamodel, models: {} }))
type Client = typeof prisma

const id = { where: { id: 1 } }

describe('results have the types of the unextended client', () => {
  it('for whole rows, include and select', async () => {
    expectTypeOf(await plain.user.findUnique(id)).toEqualTypeOf<User | null>()
    expectTypeOf(await plain.user.findUniqueOrThrow(id)).toEqualTypeOf<User>()
    const created = await prisma.user.create({
      data: { email: 'a@x', posts: { create: [{ title: 't' }] } },
      include: { posts: { select: { title: true } } },
    })
    expectTypeOf(created.posts).toEqualTypeOf<{ title: string }[]>()
    expectTypeOf(created.email).toEqualTypeOf<string>()
    const selected = await plain.ledger.findMany({ select: { amount: true, id: true } })
    expectTypeOf(selected).toEqualTypeOf<{ amount: Prisma.Decimal; id: bigint }[]>()
  })

  it('for the fluent API', async () => {
    const posts = await prisma.user.findUniqueOrThrow(id).posts({ select: { title: true } })
    expectTypeOf(posts).toEqualTypeOf<{ title: string }[]>()
    const author = await plain.post.findUniqueOrThrow(id).author()
    expectTypeOf(author).toEqualTypeOf<User>()
    expectTypeOf(await plain.post.findUnique(id).editor()).toEqualTypeOf<User | null>()
  })

  it('for groupBy, aggregate and count', async () => {
    const groups = await prisma.ledger.groupBy({
      by: ['code'],
      _count: { _all: true },
      _max: { amount: true },
    })
    expectTypeOf<(typeof groups)[number]['_count']>().toEqualTypeOf<{ _all: number }>()
    expectTypeOf<(typeof groups)[number]['_max']>().toEqualTypeOf<{ amount: Prisma.Decimal | null }>()
    expectTypeOf<(typeof groups)[number]['code']>().toEqualTypeOf<Prisma.Decimal>()
    const sum = await prisma.post.aggregate({ _sum: { views: true } })
    expectTypeOf(sum._sum.views).toEqualTypeOf<number | null>()
    expectTypeOf(await prisma.post.count()).toEqualTypeOf<number>()
  })

  it('for result extensions in whole rows, selections and nested rows', async () => {
    const selected = await prisma.user.findUnique({ ...id, select: { id: true, upper: true } })
    expectTypeOf(selected).toEqualTypeOf<{ id: number; upper: string } | null>()
    const nested = await prisma.post.findFirstOrThrow({ include: { author: true } })
    expectTypeOf(nested.author.upper).toEqualTypeOf<string>()
    const later = plain.$extends({
      result: { user: { age: { needs: { createdAt: true }, compute: (user) => user.createdAt.getTime() } } },
    })
    expectTypeOf((await later.user.findFirstOrThrow()).age).toEqualTypeOf<number>()
    expectTypeOf((await later.$cached(false).user.findFirstOrThrow()).age).toEqualTypeOf<number>()
  })

  it('for raw queries', async () => {
    const rows = await prisma.$queryRaw<{ one: number }[]>`SELECT 1 AS one`
    expectTypeOf(rows).toEqualTypeOf<{ one: number }[]>()
    expectTypeOf(await prisma.$queryRawUnsafe<string[]>('SELECT 1')).toEqualTypeOf<string[]>()
    expectTypeOf(await prisma.$executeRaw`SELECT 1`).toEqualTypeOf<number>()
  })
})

describe('mistakes in queries stay compile errors', () => {
  it('in filters, data and selections', () => {
    // @ts-expect-error no such field
    void prisma.user.findMany({ where: { emaill: 'x' } })
    // @ts-expect-error the email is missing
    void prisma.user.create({ data: { name: 'x' } })
    // @ts-expect-error not unique
    void prisma.user.findUnique({ where: { name: 'x' } })
    // @ts-expect-error no such relation
    void prisma.user.findMany({ include: { nothing: true } })
    // @ts-expect-error no such model
    void prisma.nothing
  })

  it('$on is missing, as on every extended client', () => {
    // @ts-expect-error an extended client has no $on
    void prisma.$on
    // @ts-expect-error nor is one a PrismaClient
    assertType<PrismaClient>(plain)
  })
})

describe('$transaction', () => {
  it('of an array is a tuple of its results', async () => {
    const result = await prisma.$transaction([
      prisma.user.count(),
      prisma.post.findMany({ select: { id: true } }),
    ])
    expectTypeOf(result).toEqualTypeOf<[number, { id: number }[]]>()
  })

  it('of a callback has a client with everything but connection methods', async () => {
    const result = await prisma.$transaction(
      async (tx) => {
        const user = await tx.user.findUniqueOrThrow({ ...id, select: { upper: true } })
        expectTypeOf(user).toEqualTypeOf<{ upper: string }>()
        expectTypeOf(tx.$cached(false)).toEqualTypeOf<typeof tx>()
        expectTypeOf(tx.$cache.invalidate).toBeFunction()
        // @ts-expect-error no connection of its own
        void tx.$connect
        return user.upper.length
      },
      { isolationLevel: 'Serializable', timeout: 5 },
    )
    expectTypeOf(result).toEqualTypeOf<number>()
  })
})

describe('lock', () => {
  it('returns a whole row, and null only with skipLocked', async () => {
    await prisma.$transaction(async (tx) => {
      const user = await tx.user.lock(id)
      expectTypeOf(user.upper).toEqualTypeOf<string>()
      expectTypeOf(user.email).toEqualTypeOf<string>()
      expectTypeOf(await tx.ledger.lock({ where: { id: 1n }, noWait: true })).toEqualTypeOf<Ledger>()
      expectTypeOf(
        await tx.ledger.lock({ where: { id: 1n }, skipLocked: true }),
      ).toEqualTypeOf<Ledger | null>()
      // @ts-expect-error not unique
      await tx.user.lock({ where: { name: 'x' } })
      // @ts-expect-error no such strength
      await tx.user.lock({ ...id, strength: 'strong' })
    })
  })
})

describe('$cached', () => {
  it('has the type of the client it is called on', async () => {
    const cached = prisma.$cached({ ttl: '30s' })
    expectTypeOf(cached).toEqualTypeOf<Client>()
    expectTypeOf(cached.$cached(false)).toEqualTypeOf<Client>()
    const users = await cached.user.findMany({ include: { posts: true } })
    expectTypeOf(users[0]?.posts[0]?.title).toEqualTypeOf<string | undefined>()
    expectTypeOf(await cached.user.findUniqueOrThrow(id).profile()).toEqualTypeOf<{
      id: number
      bio: string
      userId: number
    } | null>()
  })

  it('takes a policy or false', () => {
    prisma.$cached({ ttl: 5_000, tags: ['a'], cacheEmpty: false })
    // @ts-expect-error not a policy
    prisma.$cached(5)
    // @ts-expect-error true says nothing
    prisma.$cached(true)
    // @ts-expect-error a malformed duration
    prisma.$cached({ ttl: '5x' })
    // @ts-expect-error no such option
    prisma.$cached({ tll: 5 })
    // @ts-expect-error a policy is needed
    prisma.$cached()
  })
})

it('functions can accept the extended client by its type', () => {
  const repository = (db: Client) => db.user.findFirst({ select: { id: true } })
  expectTypeOf<Awaited<ReturnType<typeof repository>>>().toEqualTypeOf<{ id: number } | null>()
  repository(prisma)
  repository(prisma.$cached(false))
})

describe('CachedClient and CachedTransaction', () => {
  type Db = CachedClient<PrismaClient, typeof datamodel>
  type Tx = CachedTransaction<PrismaClient, typeof datamodel>
  type TxOf<C extends { $transaction: unknown }> = C['$transaction'] extends {
    (operations: never, options?: never): unknown
    (body: (tx: infer T) => never, options?: never): unknown
  }
    ? T
    : never

  it('of an extended client are its own types', () => {
    expectTypeOf<CachedClient<Client>>().toEqualTypeOf<Client>()
    expectTypeOf<CachedTransaction<Client>>().toEqualTypeOf<TxOf<Client>>()
  })

  it('of the bare client are those of the client that prismaCache extends', () => {
    expectTypeOf<Db>().toEqualTypeOf<typeof plain>()
    expectTypeOf<Tx>().toEqualTypeOf<TxOf<typeof plain>>()
    const untyped = base.$extends(prismaCache({ cache }))
    expectTypeOf<CachedClient<PrismaClient>>().toEqualTypeOf<typeof untyped>()
  })

  it('of a client with other extensions keep these', () => {
    type Extended = CachedClient<typeof withResult, typeof datamodel>
    const helper = async (db: Extended) => (await db.user.findFirstOrThrow()).upper
    expectTypeOf(helper(prisma)).resolves.toEqualTypeOf<string>()
    // @ts-expect-error the client lacks the result extension
    void helper(plain)
  })

  it('of a client that omits fields leave them out', async () => {
    const omitting = {} as PrismaClient<never, { user: { email: true } }>
    const db = {} as CachedClient<typeof omitting, typeof datamodel>
    // @ts-expect-error the client omits it
    void (await db.user.findFirstOrThrow()).email
    expectTypeOf((await db.user.findFirstOrThrow()).id).toEqualTypeOf<number>()
  })

  it('helpers that take the one or the other are called with the client and with a transaction', async () => {
    const reading = (db: Db) => db.user.findUnique({ ...id, select: { email: true } })
    const writing = (tx: Tx) => tx.user.update({ ...id, data: { name: 'x' } })
    expectTypeOf(reading(plain)).resolves.toEqualTypeOf<{ email: string } | null>()
    expectTypeOf(writing(plain)).resolves.toEqualTypeOf<User>()
    await plain.$transaction(async (tx) => {
      expectTypeOf(writing(tx)).resolves.toEqualTypeOf<User>()
      expectTypeOf(writing(tx.$cached({ ttl: 1 }))).resolves.toEqualTypeOf<User>()
      // @ts-expect-error a transaction has no connection of its own
      void reading(tx)
    })
    // @ts-expect-error the client has no cache
    void reading(base)
  })

  it('of anything else are never', () => {
    expectTypeOf<CachedClient<{ a: 1 }>>().toEqualTypeOf<never>()
  })
})

it('extensions added afterwards are kept, including on $cached()', () => {
  const again = prisma.$extends({ client: { $hello: (): number => 1 } })
  expectTypeOf(again.$hello()).toEqualTypeOf<number>()
  expectTypeOf(again.$cached(false).$hello()).toEqualTypeOf<number>()
})

describe('$cache', () => {
  it('accepts the models of the datamodel', () => {
    void prisma.$cache.invalidate({ models: ['User', 'Post'], tags: ['x'] })
    void prisma.$cache.invalidate({ rows: [{ model: 'User', key: { id: 1 } }] })
    void prisma.$cache.invalidate({ tables: ['any'], all: true })
    // @ts-expect-error no such model
    void prisma.$cache.invalidate({ models: ['Users'] })
    // @ts-expect-error no such model
    void prisma.$cache.invalidate({ rows: [{ model: 'Users', key: { id: 1 } }] })
    // @ts-expect-error all is true or not there
    void prisma.$cache.invalidate({ all: false })
  })

  it('types the result of explain by its function', async () => {
    const { result, reads } = await prisma.$cache.explain(() => prisma.user.count())
    expectTypeOf(result).toEqualTypeOf<number>()
    expectTypeOf(reads[0]?.operation).toEqualTypeOf<string | undefined>()
    expectTypeOf(prisma.$cache.stats()).toEqualTypeOf<Stats>()
  })
})

describe('the options', () => {
  it('accept only the models of the datamodel', () => {
    prismaCache({ cache, datamodel, models: { User: { ttl: '10m' }, '*': { ttl: 1 } } })
    prismaCache({ cache, datamodel, models: { User: false, '*': { ttl: 1 } } })
    prismaCache({ cache, models: { Anything: { ttl: 1 }, '*': false } })
    // @ts-expect-error true has no lifetime
    prismaCache({ cache, datamodel, models: { User: true } })
    // @ts-expect-error no such model
    prismaCache({ cache, datamodel, models: { Users: false } })
    // @ts-expect-error no such model
    prismaCache({ cache, datamodel, models: { Users: { ttl: '5s' } } })
    // @ts-expect-error a malformed duration
    prismaCache({ cache, datamodel, models: { User: { ttl: '5x' } } })
    // @ts-expect-error no such option
    prismaCache({ cache, datamodel, models: { User: { ttl: '5s', tll: 1 } } })
    // @ts-expect-error no cache
    prismaCache({ datamodel })
    // @ts-expect-error no cache
    prismaCache({})
    // @ts-expect-error no such option
    prismaCache({ cache, model: {} })
  })

  it('accept any model without a datamodel', () => {
    const any = base.$extends(prismaCache({ cache, models: { Anything: { ttl: '5s' } } }))
    void any.$cache.invalidate({ models: ['Anything'] })
    expectTypeOf(any.user.findFirst({ select: { id: true } })).resolves.toEqualTypeOf<{ id: number } | null>()
    // @ts-expect-error a malformed duration
    prismaCache({ cache, models: { Anything: { ttl: '5x' } } })
  })
})
