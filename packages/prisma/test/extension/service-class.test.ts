import { type Cache, createCache } from '@larder/core'
import { type CachedClient, prismaCache } from '@larder/prisma'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { datamodel, PrismaClient, postgresDatabase, type TestDatabase } from '../support/client.ts'

// The class that most NestJS applications have, as in docs/prisma-types.md: its constructor returns the extended client.

let database: TestDatabase
beforeAll(async () => {
  database = await postgresDatabase()
})
afterAll(() => database.stop())

class PrismaService extends PrismaClient {
  readonly started: string[] = []

  constructor(cache: Cache) {
    super({ adapter: database.adapter(() => {}) })
    // Another object than `this` is what this test is about.
    // biome-ignore lint/correctness/noConstructorReturn: see above
    return this.$extends(prismaCache({ cache, datamodel, models: { '*': { ttl: '1m' } } })) as unknown as this
  }

  async onModuleInit(): Promise<void> {
    await this.$connect()
    this.started.push('yes')
  }

  rename(name: string) {
    return this.$transaction(async (tx) => tx.user.update({ where: { id: 1 }, data: { name } }))
  }

  findUser() {
    return this.user.findUnique({ where: { id: 1 } })
  }
}

class Tracing extends PrismaService {
  override findUser() {
    this.started.push('traced')
    return super.findUser()
  }
}

describe.each([
  ['a service class', PrismaService],
  ['a class derived from it', Tracing],
])('%s', (_case, Service) => {
  it('its methods and fields work, read from the cache, and invalidate', async () => {
    const cache = createCache({ namespace: Service.name })
    const service = new Service(cache)
    onTestFinished(async () => {
      await cache.close()
      await service.$disconnect()
    })
    await service.onModuleInit()
    expect(service.started).toEqual(['yes'])
    await service.user.upsert({ where: { id: 1 }, create: { email: 'a@x' }, update: {} })
    const sources = async () =>
      (await cache.explain(() => service.findUser())).reads.map(({ source }) => source)
    expect([await sources(), await sources()]).toEqual([['database'], ['memory']])
    await service.rename('Ann')
    expect(await service.findUser()).toMatchObject({ name: 'Ann' })
    const { $cache, $cached } = service as unknown as CachedClient<PrismaClient>
    expect([typeof $cache.invalidate, typeof $cached]).toEqual(['function', 'function'])
  })
})

it('an extended client has every property of the bare one but $on', () => {
  const bare = new PrismaClient({ adapter: database.adapter(() => {}) })
  const extended: object = bare.$extends(prismaCache({ cache: createCache(), datamodel, models: {} }))
  const names = [...Object.keys(bare), ...Object.getOwnPropertyNames(Object.getPrototypeOf(bare))]
  const publicNames = names.filter((name) => !name.startsWith('_'))
  expect(publicNames.length).toBeGreaterThan(20)
  expect(publicNames.filter((name) => Reflect.get(extended, name) === undefined)).toEqual(['$on'])
})
