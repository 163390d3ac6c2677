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
  pgliteDatabase,
  type TestDatabase,
} from '../support/client.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await pgliteDatabase()
})
afterAll(() => database.stop())
beforeEach(async () => {
  await database.exec('TRUNCATE app_user RESTART IDENTITY CASCADE')
  await database.exec(`INSERT INTO app_user (email, updated_at) VALUES ('a@x', now())`)
})

const one = { where: { id: 1 } }
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

describe('a mistake in the options shows when the extension is put on', () => {
  test.each<[string, object, string, RegExp]>([
    [
      'a model that is not there',
      { models: { Nobody: { ttl: '1m' } } },
      'LARDER_UNKNOWN_MODEL',
      /'Nobody'.*User/,
    ],
    [
      'a model by another case',
      { models: { user: { ttl: '1m' } } },
      'LARDER_UNKNOWN_MODEL',
      /^models\.user: .*: give User\. It has/,
    ],
    ['a ttl that is missing', { models: { User: {} } }, 'LARDER_CONFIG', /models\.User\.ttl is missing/],
    ["a ttl that is missing under '*'", { models: { '*': {} } }, 'LARDER_CONFIG', /models\.'\*'\.ttl/],
    [
      'an infinite ttl',
      { models: { User: { ttl: Number.POSITIVE_INFINITY } } },
      'LARDER_DURATION',
      /User\.ttl/,
    ],
    ['a malformed ttl', { models: { User: { ttl: '5 minutes' } } }, 'LARDER_DURATION', /'?5 minutes'?/],
    ['a ttl of zero', { models: { User: { ttl: 0 } } }, 'LARDER_DURATION', /above zero/],
    ['a policy option that is not there', { models: { User: { tll: 5 } } }, 'LARDER_CONFIG', /User\.tll/],
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
      'lookupKeys of a field that is not there',
      { models: { User: { ttl: 5, lookupKeys: [['nothing']] } } },
      'LARDER_CONFIG',
      /nothing/,
    ],
    ['an option that is not there', { model: {} }, 'LARDER_CONFIG', /no option model/],
    [
      'a collation where the database is not MySQL',
      { collation: 'utf8mb4_unicode_ci' },
      'LARDER_CONFIG',
      /collation is for MySQL and MariaDB, and this datamodel is of postgresql/,
    ],
    [
      'a collation that Larder does not know',
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
      'an operation that is no read',
      { models: { User: { ttl: '1m', operations: ['findmany'] } } },
      'LARDER_CONFIG',
      /models\.User\.operations names "findmany".*findMany/,
    ],
    ['a database with a space', { database: 'my shop' }, 'LARDER_CONFIG', /database is "my shop"/],
    ['a database that is no text', { database: 5 }, 'LARDER_CONFIG', /database is 5/],
    [
      "touches of a table that is not there, under '*'",
      { models: { '*': { ttl: 5, touches: ['nowhere'] } } },
      'LARDER_UNKNOWN_TABLE',
      /touches.*'nowhere'/,
    ],
    ['no cache', { cache: undefined }, 'LARDER_CONFIG', /cache is undefined.*createCache/],
  ])('%s', (_name, options, code, message) => {
    expect(thrown(() => putOn(options))).toMatchObject({ code, message: expect.stringMatching(message) })
  })

  it('no options at all', () => {
    for (const options of [{}, undefined, null])
      expect(thrown(() => prismaCache(options as never)).code).toBe('LARDER_CONFIG')
  })

  it('the extension put on twice, also with others between', () => {
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

  it('a failed attempt leaves the cache as it was, and a corrected one attaches', () => {
    const cache = createCache()
    expect(thrown(() => putOn({ models: { User: { ttl: 0 } } }, cache)).code).toBe('LARDER_DURATION')
    expect(thrown(() => putOn({ models: { User: { ttl: 1 } } }, cache))).toEqual({})
  })

  it('a memory tier without a store to keep things of, and memory in a cluster worker', () => {
    expect(thrown(() => createCache({ memory: { mode: 'push' } })).code).toBe('LARDER_CONFIG')
    Object.defineProperty(cluster, 'isWorker', { value: true, configurable: true })
    try {
      expect(thrown(() => createCache()).code).toBe('LARDER_CLUSTER_WORKER')
    } finally {
      Object.defineProperty(cluster, 'isWorker', { value: false, configurable: true })
    }
  })
})

describe('a mistake in $cache.invalidate throws in the call, and invalidates nothing', () => {
  test.each<[string, unknown, string, RegExp]>([
    ['nothing', undefined, 'LARDER_CONFIG', /given undefined: give \{ models/],
    ['a name', 'User', 'LARDER_CONFIG', /given User: give/],
    ['a bare model', { models: 'User' }, 'LARDER_CONFIG', /models that is no array/],
    ['a bare table', { tables: 'app_user' }, 'LARDER_CONFIG', /tables that is no array/],
    ['a misspelt option', { model: ['User'] }, 'LARDER_CONFIG', /no option model: give \{ models/],
    ['a model that is not there', { models: ['Nobody'] }, 'LARDER_UNKNOWN_MODEL', /Nobody/],
    ['rows of nothing', { rows: [null] }, 'LARDER_CONFIG', /rows/],
    ['a row without key', { rows: [{ model: 'User' }] }, 'LARDER_CONFIG', /no lookup key of app_user/],
    [
      'a field that is not there',
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

describe('a mistake in $cached shows where it is made', () => {
  test.each<[string, unknown, string, RegExp]>([
    ['a number', 5, 'LARDER_CONFIG', /not 5/],
    ['true', true, 'LARDER_CONFIG', /false/],
    ['nothing', undefined, 'LARDER_CONFIG', /undefined/],
    ['null', null, 'LARDER_CONFIG', /null/],
    ['a list', [{ ttl: 5 }], 'LARDER_CONFIG', /takes a policy/],
    ['a malformed ttl', { ttl: '5x' }, 'LARDER_DURATION', /\$cached\.ttl/],
    ['reads of no model', { ttl: 5, reads: ['Userx'] }, 'LARDER_UNKNOWN_TABLE', /Userx/],
    ['reads of nothing', { ttl: 5, reads: [] }, 'LARDER_CONFIG', /reads/],
    ['reads without a lifetime', { reads: ['User'] }, 'LARDER_CONFIG', /ttl/],
    ['writes of no model', { writes: ['Userx'] }, 'LARDER_UNKNOWN_TABLE', /Userx/],
    ['writes that are no array', { writes: 'User' }, 'LARDER_CONFIG', /writes/],
    ['a malformed staleIfError', { ttl: 5, staleIfError: 'soon' }, 'LARDER_DURATION', /staleIfError/],
    ['lookupKeys', { lookupKeys: [['name']] }, 'LARDER_CONFIG', /in models, not per call/],
    ['onMarkFailure', { onMarkFailure: 'reject' }, 'LARDER_CONFIG', /in models, not per call/],
    ['an option that is not there', { tll: 5 }, 'LARDER_CONFIG', /tll/],
  ])('%s', async (_name, policy, code, message) => {
    const connected = connect(database)
    const call = () => connected.db.$cached(policy as never)
    expect(thrown(call)).toMatchObject({ code, message: expect.stringMatching(message) })
    await connected.db.$transaction(async (tx) => {
      expect(thrown(() => tx.$cached(policy as never)).code).toBe(code)
    })
  })

  it('{} on a model without a policy has no lifetime', async () => {
    const connected = connect(database, { models: { Post: { ttl: '1m' } } })
    const cached = connected.db.$cached({})
    await cached.post.findMany()
    expect(await errorOf(cached.user.findMany())).toMatchObject({
      code: 'LARDER_CONFIG',
      message: expect.stringMatching(/\$cached\(…\) on User\.ttl is missing/),
    })
  })

  it('an option that is undefined takes nothing away', async () => {
    const connected = connect(database)
    const cached = connected.db.$cached({ ttl: undefined } as never)
    expect(await connected.sources(() => cached.user.findMany())).toEqual(['database: miss'])
  })
})

describe('a mistake in $cache.invalidate rejects, and names what there is', () => {
  test.each<[string, object, string, RegExp]>([
    ['a model', { models: ['Nobody'] }, 'LARDER_UNKNOWN_MODEL', /'Nobody'/],
    ['a table', { tables: ['nobody'] }, 'LARDER_UNKNOWN_TABLE', /nobody.*app_user/],
    ['a model of a row', { rows: [{ model: 'Nobody', key: { id: 1 } }] }, 'LARDER_UNKNOWN_MODEL', /'Nobody'/],
    ['a field of a row', { rows: [{ model: 'User', key: { nothing: 1 } }] }, 'LARDER_CONFIG', /nothing.*id/],
    ['a field that is no key', { rows: [{ model: 'User', key: { name: 'x' } }] }, 'LARDER_CONFIG', /email/],
    ['half a key', { rows: [{ model: 'Membership', key: {} }] }, 'LARDER_CONFIG', /nothing is no lookup key/],
    ['an option', { model: ['User'] }, 'LARDER_CONFIG', /no option model/],
    ['a text for a list', { tags: 'x' }, 'LARDER_CONFIG', /tags/],
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

describe('what cannot be cached goes to the database', () => {
  it('arguments that no key can hold', async () => {
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

  it('results that no codec can hold: one event, and the result as it is', async () => {
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
    const read = () => connected.db.user.findUnique(one)
    expect(await read()).toMatchObject({ id: 1 })
    expect(faults).toEqual([new Error(odd)])
    expect(await connected.sources(read)).toEqual(['database: opaque'])
  })

  it('a required scope that is undefined rejects the read; writes and $cached(false) need none', async () => {
    let tenant: string | undefined
    const connected = connect(database, { cache: { scope: () => tenant, requireScope: true } })
    const { db, sources } = connected
    expect((await errorOf(db.user.findUnique(one))).code).toBe('LARDER_SCOPE_REQUIRED')
    expect(await db.$cached(false).user.findUnique(one)).toMatchObject({ id: 1 })
    await db.user.update({ ...one, data: { name: 'x' } })
    expect(await db.$transaction((tx) => tx.user.findUnique(one))).toMatchObject({ name: 'x' })
    expect(await db.$transaction([db.user.findUnique(one), db.user.count()])).toMatchObject([
      { name: 'x' },
      1,
    ])
    for (const name of ['one', 'two']) {
      tenant = name
      expect(await sources(() => db.user.findUnique(one))).toEqual(['database: miss'])
    }
    expect(await sources(() => db.user.findUnique(one))).toEqual(['memory'])
    // The scope is no part of the tags: a write reaches every tenant's entries.
    tenant = 'one'
    await db.user.update({ ...one, data: { name: 'y' } })
    tenant = 'two'
    expect(await db.user.findUnique(one)).toMatchObject({ name: 'y' })
  })

  it('a store that fails: reads and writes go on', async () => {
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
    await db.user.update({ ...one, data: { name: 'x' } })
    await db.$transaction((tx) => tx.user.update({ ...one, data: { name: 'y' } }))
    expect(await db.user.findUnique(one)).toMatchObject({ name: 'y' })
    expect(errors).toEqual(expect.arrayContaining(['fetch', 'mark', 'finish']))
  })

  it('every read after the cache is closed', async () => {
    const connected = connect(database)
    const { db, cache, sources } = connected
    await db.user.findMany()
    await cache.close()
    expect(await sources(() => db.user.findMany())).toEqual(['database: unavailable'])
    await db.user.update({ ...one, data: { name: 'x' } })
    expect(await db.user.findMany()).toMatchObject([{ name: 'x' }])
  })
})
