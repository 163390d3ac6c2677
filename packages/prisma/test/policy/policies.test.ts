import { createCache, memoryStore } from '@larder/core'
import { prismaCache } from '@larder/prisma'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fakeClock } from '../../../testing/src/index.ts'
import {
  connect,
  errorOf,
  PrismaClient,
  postgresDatabase,
  sourceOf,
  type TestDatabase,
} from '../support/client.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await postgresDatabase()
})
afterAll(() => database.stop())
beforeEach(async () => {
  await database.exec('TRUNCATE app_user, app_setting RESTART IDENTITY CASCADE')
  await database.exec(`
    INSERT INTO app_user (email, updated_at) VALUES ('a@x', now()), ('b@x', now());
    INSERT INTO blog_posts (title, author_id) VALUES ('p1', 1), ('p2', 2);`)
})

const byId1 = { where: { id: 1 } }
const two = { where: { id: 2 } }

describe('policies of models', () => {
  it('a model without a policy is not cached, and its writes still invalidate', async () => {
    const connected = connect(database, { models: { Post: { ttl: '1m' } } })
    const { db, sources } = connected
    const posts = () => db.post.findMany({ where: { author: { name: 'new' } } })
    for (let turn = 0; turn < 2; turn++)
      expect(await sources(() => db.user.findUnique(byId1))).toEqual(['database: no-policy'])
    await posts()
    expect(await sources(posts)).toEqual(['memory'])
    await db.user.update({ ...byId1, data: { name: 'new' } })
    expect(await posts()).toMatchObject([{ title: 'p1' }])
  })

  it("a model with `false` is not cached, also where '*' applies to the others", async () => {
    const { db, sources } = connect(database, { models: { User: false, '*': { ttl: '1m' } } })
    for (let turn = 0; turn < 2; turn++)
      expect(await sources(() => db.user.findUnique(byId1))).toEqual(['database: no-policy'])
    await db.post.findMany()
    expect(await sources(() => db.post.findMany())).toEqual(['memory'])
  })

  it("'*' applies to every model without a policy of its own", async () => {
    const connected = connect(database, {
      models: { '*': { ttl: '1m', tags: ['all'] }, User: { ttl: '2m', jitter: 0 } },
    })
    const { db, cache } = connected
    const { reads } = await cache.explain(async () => {
      await db.user.findMany()
      await db.post.findMany()
    })
    expect(reads[0]?.ttl).toBe(120_000)
    expect(reads[0]?.tags.some((tag) => tag.includes('all'))).toBe(false)
    expect(reads[1]?.tags.some((tag) => tag.includes('all'))).toBe(true)
  })

  it("touches of '*' apply to every model without a policy of its own", async () => {
    const models = { '*': { ttl: '1m', touches: ['Setting'] }, Post: { ttl: '1m' } } as const
    const { db, sources } = connect(database, { models })
    const settings = () => sources(() => db.setting.findMany())
    await settings()
    await db.post.update({ ...byId1, data: { title: 'x' } })
    expect(await settings()).toEqual(['memory'])
    await db.user.update({ ...byId1, data: { name: 'x' } })
    expect(await settings()).toEqual(['database: invalidated'])
  })

  it('`operations` makes other operations bypass the cache', async () => {
    const connected = connect(database, { models: { User: { ttl: '1m', operations: ['findUnique'] } } })
    const { db, sources } = connected
    const reads = async () => {
      await db.user.findUnique(byId1)
      await db.user.findMany()
    }
    await reads()
    expect(await sources(reads)).toEqual(['memory', 'database: disabled'])
  })

  it('`cacheEmpty: false` does not cache reads that find nothing', async () => {
    const connected = connect(database, { models: { User: { ttl: '1m', cacheEmpty: false } } })
    const { db, sources } = connected
    const none = () => db.user.findUnique({ where: { id: 99 } })
    await none()
    expect(await sources(none)).toEqual(['database: miss'])
  })

  it('an entry expires after its ttl', async () => {
    const clock = fakeClock()
    const cache = createCache({ store: memoryStore({ clock }) }, { clock })
    const base = new PrismaClient({ adapter: database.adapter(() => {}) })
    const db = base.$extends(prismaCache({ cache, models: { User: { ttl: '1m', jitter: 0 } } }))
    const read = async () => (await cache.explain(() => db.user.findUnique(byId1))).reads.map(sourceOf)
    expect([await read(), await read()]).toEqual([['database: miss'], ['memory']])
    await clock.advance(59_999)
    expect(await read()).toEqual(['memory'])
    await clock.advance(1)
    expect([await read(), await read()]).toEqual([['database: expired'], ['memory']])
  })

  it('without a datamodel a write invalidates reads of every table that its relations reach', async () => {
    const cache = createCache()
    const base = new PrismaClient({ adapter: database.adapter(() => {}) })
    const db = base.$extends(prismaCache({ cache, models: { '*': { ttl: '1m' } } }))
    const reads = async () => {
      await db.user.findUnique(two)
      await db.post.findUnique(two)
      await db.setting.findMany()
    }
    await reads()
    await db.user.update({ ...byId1, data: { name: 'new' } })
    const after = (await cache.explain(reads)).reads.map(sourceOf)
    expect(after[0]).toBe('database: invalidated')
    expect(after[2]).toBe('memory')
    await db.user.delete(byId1)
    expect(await db.post.findUnique(byId1)).toBeNull()
  })
})

describe('$cached', () => {
  it('applies a policy to one call, merged over the policy of the model', async () => {
    const connected = connect(database, { models: { Post: { ttl: '1m', tags: ['posts'] } } })
    const { db, cache } = connected
    const { reads } = await cache.explain(async () => {
      await db.$cached({ ttl: '5s', jitter: 0 }).user.findMany()
      await db.$cached({ ttl: '5s', jitter: 0 }).post.findMany()
    })
    expect(reads.map((read) => [read.reason, read.ttl])).toEqual([
      ['miss', 5_000],
      ['miss', 5_000],
    ])
    expect(reads[1]?.tags.some((tag) => tag.includes('posts'))).toBe(true)
  })

  it('shares entries between policies, and the same writes invalidate them', async () => {
    const connected = connect(database)
    const { db, sources } = connected
    await db.$cached({ ttl: '5s' }).user.findUnique(byId1)
    expect(await sources(() => db.user.findUnique(byId1))).toEqual(['memory'])
    await db.$cached({ ttl: '9s' }).user.update({ ...byId1, data: { name: 'x' } })
    expect(await db.user.findUnique(byId1)).toMatchObject({ name: 'x' })
  })

  it('$cached(false) makes reads bypass the cache, and its writes still invalidate', async () => {
    const connected = connect(database)
    const { db, sources } = connected
    await db.user.findUnique(byId1)
    const past = db.$cached(false)
    expect(await sources(() => past.user.findUnique(byId1))).toEqual(['database: disabled'])
    await past.user.update({ ...byId1, data: { name: 'x' } })
    expect(await sources(() => db.user.findUnique(byId1))).toEqual(['database: invalidated'])
    await past.$transaction((tx) => tx.user.update({ ...byId1, data: { name: 'y' } }))
    await past.$transaction([past.user.update({ ...two, data: { name: 'y' } }), past.user.count()])
    expect((await db.user.findMany()).map((user) => user.name)).toEqual(['y', 'y'])
  })

  it('creates one client for equal policies, and a nested call overrides the outer one', async () => {
    const connected = connect(database, { models: {} })
    const { db, sources } = connected
    expect(db.$cached({ ttl: '5s', jitter: 0 })).toBe(db.$cached({ jitter: 0, ttl: '5s' }))
    expect(db.$cached({ ttl: '5s' })).not.toBe(db.$cached({ ttl: '6s' }))
    const more = db.$extends({ client: { $hello: () => 'hello' } })
    expect(more.$cached({ ttl: '5s' })).toBe(more.$cached({ ttl: '5s' }))
    expect(more.$cached({ ttl: '5s' }).$hello()).toBe('hello')
    expect(await sources(() => db.$cached({ ttl: '5s' }).$cached(false).user.findMany())).toEqual([
      'database: disabled',
    ])
    expect(await sources(() => db.$cached(false).$cached({ ttl: '5s' }).user.findMany())).toEqual([
      'database: miss',
    ])
  })

  it('does not change when the policy object is changed', async () => {
    const connected = connect(database, { models: {} })
    const policy = { ttl: 5_000, jitter: 0 }
    const cached = connected.db.$cached(policy)
    policy.ttl = 9_000
    const { reads } = await connected.cache.explain(() => cached.user.findMany())
    expect(reads[0]?.ttl).toBe(5_000)
  })

  it('in a transaction returns the transaction’s client', async () => {
    const connected = connect(database)
    const { db, sources } = connected
    await db.user.findUnique(byId1)
    const stop = new Error('stop')
    const run = db.$transaction(async (tx) => {
      expect(tx.$cached({ ttl: '5s' })).toBe(tx)
      expect(tx.$cached(false)).toBe(tx)
      await tx.$cached({ ttl: '5s' }).user.update({ ...byId1, data: { name: 'gone' } })
      expect(await tx.$cached({ ttl: '5s' }).user.findUnique(byId1)).toMatchObject({ name: 'gone' })
      throw stop
    })
    expect(await errorOf(run)).toBe(stop)
    expect(await sources(() => db.user.findUnique(byId1))).toEqual(['memory'])
    expect(await db.user.findUnique(byId1)).toMatchObject({ name: null })
  })

  it('accepts a thousand different policies', async () => {
    const connected = connect(database)
    const { db, sources } = connected
    for (let ttl = 1_000; ttl < 2_000; ttl++) db.$cached({ ttl })
    expect(await sources(() => db.$cached({ ttl: 5_000 }).user.findMany())).toEqual(['database: miss'])
  })
})

describe('$cache.invalidate', () => {
  const setup = () =>
    connect(database, { models: { '*': { ttl: '1m' }, Post: { ttl: '1m', tags: ['feed'] } } })
  const reading = (connected: ReturnType<typeof setup>) => async () => {
    const { db, sources } = connected
    return await sources(async () => {
      await db.user.findUnique(byId1)
      await db.user.findUnique(two)
      await db.post.findMany()
    })
  }
  const [HIT, GONE] = ['memory', 'database: invalidated']

  it.each([
    ['models', { models: ['User'] }, [GONE, GONE, HIT]],
    ['tables', { tables: ['app_user'] }, [GONE, GONE, HIT]],
    ['rows by id', { rows: [{ model: 'User', key: { id: 2 } }] }, [HIT, GONE, HIT]],
    ['rows by a foreign key', { rows: [{ model: 'Post', key: { authorId: 1 } }] }, [HIT, HIT, GONE]],
    ['tags', { tags: ['feed'] }, [HIT, HIT, GONE]],
    [
      'several kinds together',
      { models: ['Post'], rows: [{ model: 'User', key: { id: 1 } }] },
      [GONE, HIT, GONE],
    ],
    ['all', { all: true }, [GONE, GONE, GONE]],
    ['nothing', {}, [HIT, HIT, HIT]],
  ] as const)(
    '%s takes effect immediately, at COMMIT in a transaction, and never after ROLLBACK',
    async (_name, request, after) => {
      const connected = setup()
      const { db } = connected
      const again = reading(connected)
      await again()
      const stop = new Error('stop')
      const run = db.$transaction(async () => {
        await db.$cache.invalidate(request)
        throw stop
      })
      expect(await errorOf(run)).toBe(stop)
      expect(await again()).toEqual([HIT, HIT, HIT])
      await db.$transaction(async (tx) => {
        await tx.$cache.invalidate(request)
      })
      // The epoch of `all` takes the entries with it.
      const expectedSources = after.map((source) =>
        source === GONE && 'all' in request ? 'database: miss' : source,
      )
      expect(await again()).toEqual(expectedSources)
      await db.$cache.invalidate(request)
      expect(await again()).toEqual(expectedSources)
    },
  )
})

describe('reports', () => {
  it('of explain assign each read to the innermost call around it', async () => {
    const connected = connect(database)
    const { db } = connected
    const outer = await db.$cache.explain(async () => {
      await db.user.findMany()
      const inner = await db.$cache.explain(() => db.user.findMany())
      expect(inner.reads.map(sourceOf)).toEqual(['memory'])
      return 'done'
    })
    expect(outer.result).toBe('done')
    expect(outer.reads).toHaveLength(1)
    expect(outer.reads[0]).toMatchObject({ operation: 'User.findMany', source: 'database', reason: 'miss' })
    expect(outer.reads[0]?.key).toEqual(expect.any(String))
    expect(outer.reads[0]?.tags.length).toBeGreaterThan(0)
  })

  it('of stats add up, with every read a hit, a miss or a bypass', async () => {
    const connected = connect(database, { models: { User: { ttl: '1m' } } })
    const { db } = connected
    await db.user.findMany()
    await db.user.findMany()
    await db.post.findMany()
    await db.$cached(false).user.findMany()
    await db.$transaction((tx) => tx.user.findMany())
    await db.$transaction([db.user.findMany(), db.user.count()])
    await db.user.findUniqueOrThrow({ where: { id: 99 } }).catch(() => {})
    await db.$queryRaw`SELECT 1 AS one`
    await db.user.update({ ...byId1, data: { name: 'x' } })
    const { models, ...total } = db.$cache.stats()
    expect(total).toEqual({ reads: 9, hits: 1, misses: 2, bypasses: 6, stale: 0 })
    expect(models.User).toEqual({ reads: 7, hits: 1, misses: 2, bypasses: 4, stale: 0 })
    expect(models.Post).toMatchObject({ reads: 1, bypasses: 1 })
    expect(models.raw).toMatchObject({ reads: 1, bypasses: 1 })
  })

  it("a write with `finish: 'await'` returns when its invalidation is acknowledged", async () => {
    for (const finish of ['await', 'background'] as const) {
      const { store, finished, commitMayBeSent } = slowStore()
      const connected = connect(database, { cache: { store, finish } })
      const { db } = connected
      const write = db.user.update({ ...byId1, data: { name: finish } }).then(() => finished.push('returned'))
      const transaction = () =>
        db
          .$transaction((tx) => tx.user.update({ ...byId1, data: { name: finish } }))
          .then(() => finished.push('committed'))
      if (finish === 'background') await write
      commitMayBeSent()
      await write
      await transaction()
      const order = {
        await: ['finish', 'returned', 'finish', 'committed'],
        background: ['returned', 'finish'],
      }
      expect(finished.slice(0, finish === 'await' ? 4 : 2)).toEqual(order[finish])
    }
  })
})

/** A store of another process, as far as anyone can tell, whose finishes wait to be let go. */
function slowStore() {
  const finished: string[] = []
  const gate = Promise.withResolvers<void>()
  const nothing = async () => undefined
  const fetched = async () => ({ epoch: 'e', entry: null, tags: [] })
  return {
    finished,
    commitMayBeSent: gate.resolve,
    store: {
      source: 'store',
      fetch: fetched,
      seed: fetched,
      mark: nothing,
      renew: nothing,
      set: nothing,
      invalidateAll: nothing,
      close: nothing,
      async finish() {
        await gate.promise
        finished.push('finish')
        return undefined
      },
    },
  } as const
}
