import cluster from 'node:cluster'
import { type Codec, createCache } from '@larder/core'
import type { Store } from '@larder/core/store'
import { prismaCache } from '@larder/prisma'
import { withAccelerate } from '@larder/prisma/accelerate'
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest'
import {
  connect,
  datamodel,
  errorOf,
  PrismaClient,
  postgresDatabase,
  type TestDatabase,
} from '../support/client.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await postgresDatabase()
})
afterAll(() => database.stop())
beforeEach(async () => {
  await database.exec('TRUNCATE app_user RESTART IDENTITY CASCADE')
  await database.exec(`INSERT INTO app_user (email, updated_at) VALUES ('a@x', now())`)
})

const byId1 = { where: { id: 1 } }
const bare = (): PrismaClient => new PrismaClient({ adapter: database.adapter(() => {}) })
/** What putting the extension on a client throws: these are mistakes that types would show, hence the cast. */
const putOn = (options: object, cache = createCache()) => {
  return bare().$extends(prismaCache({ cache, datamodel, ...options } as never))
}

function thrown(run: () => unknown): { code?: string; message?: string } {
  try {
    run()
  } catch (error) {
    return error as Error & { code?: string }
  }
  return {}
}

describe('prismaCache refuses', () => {
  test.each<[string, object, string, RegExp]>([
    ['an unknown model', { models: { Nobody: { ttl: '1m' } } }, 'LARDER_UNKNOWN_MODEL', /'Nobody'.*User/],
    [
      'a model name in the wrong case',
      { models: { user: { ttl: '1m' } } },
      'LARDER_UNKNOWN_MODEL',
      /^models\.user: .*: give User\. It has/,
    ],
    ['a missing ttl', { models: { User: {} } }, 'LARDER_CONFIG', /models\.User\.ttl is missing/],
    ["a missing ttl under '*'", { models: { '*': {} } }, 'LARDER_CONFIG', /models\.'\*'\.ttl/],
    [
      'an infinite ttl',
      { models: { User: { ttl: Number.POSITIVE_INFINITY } } },
      'LARDER_DURATION',
      /User\.ttl/,
    ],
    ['a malformed ttl', { models: { User: { ttl: '5 minutes' } } }, 'LARDER_DURATION', /'?5 minutes'?/],
    ['a ttl of zero', { models: { User: { ttl: 0 } } }, 'LARDER_DURATION', /above zero/],
    ['an unknown policy option', { models: { User: { tll: 5 } } }, 'LARDER_CONFIG', /User\.tll/],
    [
      'a malformed staleWhileRevalidate',
      { models: { User: { ttl: 5, staleWhileRevalidate: 'soon' } } },
      'LARDER_DURATION',
      /models\.User\.staleWhileRevalidate/,
    ],
    [
      'a malformed maxConcurrentLoads',
      { models: { User: { ttl: 5, maxConcurrentLoads: 0 } } },
      'LARDER_CONFIG',
      /models\.User\.maxConcurrentLoads is 0: give a whole number/,
    ],
    [
      'lookupKeys of an unknown field',
      { models: { User: { ttl: 5, lookupKeys: [['nothing']] } } },
      'LARDER_CONFIG',
      /nothing/,
    ],
    ['an unknown option', { model: {} }, 'LARDER_CONFIG', /no option model/],
    [
      'a collation for a database other than MySQL',
      { collation: 'utf8mb4_unicode_ci' },
      'LARDER_CONFIG',
      /collation is for MySQL and MariaDB, and this datamodel is of postgresql/,
    ],
    [
      'an unsupported collation',
      { collation: 'utf8mb4_roman_ci', datamodel: { ...datamodel, provider: 'mysql' } },
      'LARDER_CONFIG',
      /collation is "utf8mb4_roman_ci": give one of utf8mb4_bin/,
    ],
    [
      'a collation without a datamodel',
      { collation: 'utf8mb4_bin', datamodel: undefined },
      'LARDER_CONFIG',
      /collation needs `datamodel`/,
    ],
    [
      'an operation that is not a read',
      { models: { User: { ttl: '1m', operations: ['findmany'] } } },
      'LARDER_CONFIG',
      /models\.User\.operations names "findmany".*findMany/,
    ],
    ['a database with a space', { database: 'my shop' }, 'LARDER_CONFIG', /database is "my shop"/],
    ['a database that is not a string', { database: 5 }, 'LARDER_CONFIG', /database is 5/],
    [
      "touches of an unknown table under '*'",
      { models: { '*': { ttl: 5, touches: ['nowhere'] } } },
      'LARDER_UNKNOWN_TABLE',
      /touches.*'nowhere'/,
    ],
    ['no cache', { cache: undefined }, 'LARDER_CONFIG', /cache is undefined.*createCache/],
  ])('%s', (_name, options, code, message) => {
    expect(thrown(() => putOn(options))).toMatchObject({ code, message: expect.stringMatching(message) })
  })

  it('missing options', () => {
    for (const options of [{}, undefined, null])
      expect(thrown(() => prismaCache(options as never)).code).toBe('LARDER_CONFIG')
  })

  it('to extend a client twice, even with other extensions in between', () => {
    const once = putOn({})
    const more = once.$extends({ client: { $hello: () => 'hello' } })
    for (const client of [once, more])
      expect(thrown(() => client.$extends(prismaCache({ cache: createCache() })))).toMatchObject({
        code: 'LARDER_EXTENSION_TWICE',
        message: expect.stringContaining('add it once'),
      })
  })

  it('a client of Prisma 6', () => {
    // What was generated by Prisma 6.19 shows its version in the same field, and has `$extends` as well.
    const client = Object.create(bare(), { _clientVersion: { value: '6.19.0' } }) as PrismaClient
    expect(thrown(() => client.$extends(prismaCache({ cache: createCache() })))).toMatchObject({
      code: 'LARDER_CONFIG',
      message: expect.stringMatching(/^prismaCache: .*Prisma 6\.19\.0.*needs Prisma 7.*docs\/prisma\.md/),
    })
    expect(thrown(() => withAccelerate({ cache: createCache() })(client))).toMatchObject({
      message: expect.stringMatching(/^withAccelerate: .*needs Prisma 7/),
    })
  })

  it('a datamodel of another schema', () => {
    const { User: _, ...models } = datamodel.models
    expect(thrown(() => putOn({ datamodel: { ...datamodel, models } }))).toMatchObject({
      code: 'LARDER_DATAMODEL_MISMATCH',
      message: expect.stringMatching(/User.*prisma generate/),
    })
  })

  it('invalid options without attaching, so that corrected ones attach', () => {
    const cache = createCache()
    expect(thrown(() => putOn({ models: { User: { ttl: 0 } } }, cache)).code).toBe('LARDER_DURATION')
    expect(thrown(() => putOn({ models: { User: { ttl: 1 } } }, cache))).toEqual({})
  })

  it('a memory tier over no remote store, and a memory store in a cluster worker', () => {
    expect(thrown(() => createCache({ memory: { mode: 'push' } })).code).toBe('LARDER_CONFIG')
    Object.defineProperty(cluster, 'isWorker', { value: true, configurable: true })
    try {
      expect(thrown(() => createCache()).code).toBe('LARDER_CLUSTER_WORKER')
    } finally {
      Object.defineProperty(cluster, 'isWorker', { value: false, configurable: true })
    }
  })
})

describe('$cache.invalidate throws in the call and invalidates nothing for', () => {
  test.each<[string, unknown, string, RegExp]>([
    ['nothing', undefined, 'LARDER_CONFIG', /given undefined: give \{ models/],
    ['a name', 'User', 'LARDER_CONFIG', /given User: give/],
    ['a bare model', { models: 'User' }, 'LARDER_CONFIG', /models that is no array/],
    ['a bare table', { tables: 'app_user' }, 'LARDER_CONFIG', /tables that is no array/],
    ['a misspelt option', { model: ['User'] }, 'LARDER_CONFIG', /no option model: give \{ models/],
    ['an unknown model', { models: ['Nobody'] }, 'LARDER_UNKNOWN_MODEL', /Nobody/],
    ['a null row', { rows: [null] }, 'LARDER_CONFIG', /rows/],
    ['a row without a key', { rows: [{ model: 'User' }] }, 'LARDER_CONFIG', /no lookup key of app_user/],
    [
      'an unknown field',
      { rows: [{ model: 'User', key: { idd: 1 } }] },
      'LARDER_CONFIG',
      /no column for 'idd'.*\{ id: … \}/,
    ],
  ])('%s', async (_name, request, code, message) => {
    const { db, sources } = connect(database)
    await db.user.findMany()
    const error = await errorOf(db.$cache.invalidate(request as never))
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
    expect(await sources(() => db.user.findMany())).toEqual(['memory'])
  })
})

describe('$cached throws in the call for', () => {
  test.each<[string, unknown, string, RegExp]>([
    ['a number', 5, 'LARDER_CONFIG', /not 5/],
    ['true', true, 'LARDER_CONFIG', /false/],
    ['nothing', undefined, 'LARDER_CONFIG', /undefined/],
    ['null', null, 'LARDER_CONFIG', /null/],
    ['a list', [{ ttl: 5 }], 'LARDER_CONFIG', /takes a policy/],
    ['a malformed ttl', { ttl: '5x' }, 'LARDER_DURATION', /\$cached\.ttl/],
    ['reads of an unknown model', { ttl: 5, reads: ['Userx'] }, 'LARDER_UNKNOWN_TABLE', /Userx/],
    ['empty reads', { ttl: 5, reads: [] }, 'LARDER_CONFIG', /reads/],
    ['reads without a ttl', { reads: ['User'] }, 'LARDER_CONFIG', /ttl/],
    ['writes of an unknown model', { writes: ['Userx'] }, 'LARDER_UNKNOWN_TABLE', /Userx/],
    ['writes that are not an array', { writes: 'User' }, 'LARDER_CONFIG', /writes/],
    ['a malformed staleIfError', { ttl: 5, staleIfError: 'soon' }, 'LARDER_DURATION', /staleIfError/],
    ['lookupKeys', { lookupKeys: [['name']] }, 'LARDER_CONFIG', /in models, not per call/],
    ['onMarkFailure', { onMarkFailure: 'reject' }, 'LARDER_CONFIG', /in models, not per call/],
    ['an unknown option', { tll: 5 }, 'LARDER_CONFIG', /tll/],
  ])('%s', async (_name, policy, code, message) => {
    const connected = connect(database)
    const call = () => connected.db.$cached(policy as never)
    expect(thrown(call)).toMatchObject({ code, message: expect.stringMatching(message) })
    await connected.db.$transaction(async (tx) => {
      expect(thrown(() => tx.$cached(policy as never)).code).toBe(code)
    })
  })

  it('$cached({}) on a model without a policy is refused because the ttl is missing', async () => {
    const connected = connect(database, { models: { Post: { ttl: '1m' } } })
    const cached = connected.db.$cached({})
    await cached.post.findMany()
    expect(await errorOf(cached.user.findMany())).toMatchObject({
      code: 'LARDER_CONFIG',
      message: expect.stringMatching(
        /\$cached\(…\) on User\.ttl is missing: add a ttl to the call, or give User a policy in models/,
      ),
    })
  })

  it('$cached with an undefined option keeps the option of the model', async () => {
    const connected = connect(database)
    const cached = connected.db.$cached({ ttl: undefined } as never)
    expect(await connected.sources(() => cached.user.findMany())).toEqual(['database: miss'])
  })
})

describe('$cache.invalidate rejects and lists the alternatives for', () => {
  test.each<[string, object, string, RegExp]>([
    ['an unknown model', { models: ['Nobody'] }, 'LARDER_UNKNOWN_MODEL', /'Nobody'/],
    ['an unknown table', { tables: ['nobody'] }, 'LARDER_UNKNOWN_TABLE', /nobody.*app_user/],
    [
      'a row of an unknown model',
      { rows: [{ model: 'Nobody', key: { id: 1 } }] },
      'LARDER_UNKNOWN_MODEL',
      /'Nobody'/,
    ],
    [
      'an unknown field of a row',
      { rows: [{ model: 'User', key: { nothing: 1 } }] },
      'LARDER_CONFIG',
      /nothing.*id/,
    ],
    [
      'a field that is not a lookup key',
      { rows: [{ model: 'User', key: { name: 'x' } }] },
      'LARDER_CONFIG',
      /email/,
    ],
    [
      'an incomplete key',
      { rows: [{ model: 'Membership', key: {} }] },
      'LARDER_CONFIG',
      /nothing is no lookup key/,
    ],
    ['an unknown option', { model: ['User'] }, 'LARDER_CONFIG', /no option model/],
    ['a string instead of a list', { tags: 'x' }, 'LARDER_CONFIG', /tags/],
  ])('%s', async (_name, request, code, message) => {
    const connected = connect(database)
    const { db, sources } = connected
    await db.user.findMany()
    expect(await errorOf(db.$cache.invalidate(request as never))).toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
    expect(await sources(() => db.user.findMany())).toEqual(['memory'])
  })
})

describe('a read bypasses the cache or fails as configured', () => {
  it('if no key can contain its arguments', async () => {
    const connected = connect(database)
    const { db, cache, sources } = connected
    const faults: unknown[] = []
    cache.on('codec-error', ({ error }) => faults.push(error))
    const where = { id: 1, toString: () => 'x' }
    const reads = await sources(() => db.user.findMany({ where } as never).catch(() => {}))
    expect(reads).toEqual(['database: opaque'])
    // Prisma itself cannot copy a cycle: the error is its own, with the cache or without.
    const cycle: Record<string, unknown> = {}
    cycle.AND = cycle
    const [ours, plain] = [
      await errorOf(db.user.findMany({ where: cycle })),
      await errorOf(connected.base.user.findMany({ where: cycle })),
    ]
    expect(ours.constructor).toBe(plain.constructor)
  })

  it('if no codec can encode its result, with one event', async () => {
    const odd = 'no class of ours'
    const refusing: Codec = {
      name: 'refusing',
      bind: () => ({
        encode() {
          throw new Error(odd)
        },
        decode: () => undefined,
      }),
    }
    const connected = connect(database, { cache: { codec: refusing } })
    const faults: unknown[] = []
    connected.cache.on('codec-error', ({ error }) => faults.push(error))
    const read = () => connected.db.user.findUnique(byId1)
    expect(await read()).toMatchObject({ id: 1 })
    expect(faults).toEqual([new Error(odd)])
    expect(await connected.sources(read)).toEqual(['database: opaque'])
  })

  it('if a required scope is undefined: it rejects, and writes and $cached(false) do not', async () => {
    let tenant: string | undefined
    const connected = connect(database, { cache: { scope: () => tenant, requireScope: true } })
    const { db, sources } = connected
    expect((await errorOf(db.user.findUnique(byId1))).code).toBe('LARDER_SCOPE_REQUIRED')
    expect(await db.$cached(false).user.findUnique(byId1)).toMatchObject({ id: 1 })
    await db.user.update({ ...byId1, data: { name: 'x' } })
    expect(await db.$transaction((tx) => tx.user.findUnique(byId1))).toMatchObject({ name: 'x' })
    expect(await db.$transaction([db.user.findUnique(byId1), db.user.count()])).toMatchObject([
      { name: 'x' },
      1,
    ])
    for (const name of ['one', 'two']) {
      tenant = name
      expect(await sources(() => db.user.findUnique(byId1))).toEqual(['database: miss'])
    }
    expect(await sources(() => db.user.findUnique(byId1))).toEqual(['memory'])
    // The scope is no part of the tags: a write reaches every tenant's entries.
    tenant = 'one'
    await db.user.update({ ...byId1, data: { name: 'y' } })
    tenant = 'two'
    expect(await db.user.findUnique(byId1)).toMatchObject({ name: 'y' })
  })

  it('if the store fails, and writes continue', async () => {
    const down = async () => {
      throw new Error('down')
    }
    const calls = { fetch: down, seed: down, mark: down, renew: down, finish: down, set: down }
    const store: Store = { ...calls, source: 'store', invalidateAll: down, close: async () => {} }
    const connected = connect(database, { cache: { store } })
    const { db, sources } = connected
    const errors: unknown[] = []
    connected.cache.on('store-error', ({ action }) => errors.push(action))
    expect(await sources(() => db.user.findMany())).toEqual(['database: unavailable'])
    await db.user.update({ ...byId1, data: { name: 'x' } })
    await db.$transaction((tx) => tx.user.update({ ...byId1, data: { name: 'y' } }))
    expect(await db.user.findUnique(byId1)).toMatchObject({ name: 'y' })
    expect(errors).toEqual(expect.arrayContaining(['fetch', 'mark', 'finish']))
  })

  it('if the cache is closed', async () => {
    const connected = connect(database)
    const { db, cache, sources } = connected
    await db.user.findMany()
    await cache.close()
    expect(await sources(() => db.user.findMany())).toEqual(['database: unavailable'])
    await db.user.update({ ...byId1, data: { name: 'x' } })
    expect(await db.user.findMany()).toMatchObject([{ name: 'x' }])
  })
})
