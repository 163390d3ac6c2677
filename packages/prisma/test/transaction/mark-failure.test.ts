import { CacheError, memoryStore } from '@larder/core'
import type { Store } from '@larder/core/store'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { faultyStore, repeatWhenBusy } from '../../../testing/src/index.ts'
import {
  type ConnectOptions,
  connect,
  errorOf,
  postgresDatabase,
  type TestDatabase,
} from '../support/client.ts'

repeatWhenBusy()

// A store that takes no marks: what a policy with `onMarkFailure: 'reject'` then keeps from being written.

let database: TestDatabase
beforeAll(async () => {
  database = await postgresDatabase()
})
afterAll(() => database.stop())
beforeEach(async () => {
  await database.exec('TRUNCATE app_user, app_setting RESTART IDENTITY CASCADE')
  await database.exec(`
    INSERT INTO app_user (email, updated_at) VALUES ('a@x', now()), ('b@x', now());
    INSERT INTO blog_posts (title, author_id) VALUES ('p1', 1);
    INSERT INTO app_setting VALUES ('s', 'before')`)
})

const rename = (name: string) => ({ where: { id: 1 }, data: { name } })
const set = (value: string) => ({ where: { id: 's' }, data: { value } })
const MODELS = { '*': { ttl: '1m' }, User: { ttl: '1m', onMarkFailure: 'reject' } } as const

/** A client whose store fails: all of it, or the marks of one table only. */
function failing(table?: string, models: ConnectOptions['models'] = MODELS, more: ConnectOptions = {}) {
  const store = faultyStore(memoryStore())
  const partly: Store = {
    ...store,
    async mark(request) {
      if (request.record.includes(table as string)) throw new Error('simulated: not marked')
      await store.mark(request)
    },
  }
  const connected = connect(database, {
    cache: { store: table ? partly : store, memory: { mode: 'off' } },
    models,
    ...more,
  })
  const outcomes: string[] = []
  connected.cache.on('write', ({ outcome }) => outcomes.push(outcome))
  return { ...connected, store, outcomes }
}

function refused(error: unknown, tables = 'app_user'): void {
  expect(error).toBeInstanceOf(CacheError)
  expect(error).toMatchObject({ code: 'LARDER_MARK_FAILED', cause: expect.any(Error) })
  const { message } = error as Error
  expect(message).toContain('nothing was written')
  expect(message).toContain(`'reject' for ${tables}`)
}

describe("with onMarkFailure: 'reject', a write outside transactions", () => {
  it("a write with onMarkFailure: 'reject' is rejected before its SQL, and can be repeated when the store is back", async () => {
    const { db, store, statements, outcomes } = failing()
    await db.user.findMany()
    statements()
    store.fail('rejects')
    refused(await errorOf(db.user.update(rename('x'))))
    refused(await errorOf(db.user.create({ data: { email: 'c@x' } })))
    expect(statements()).toEqual([])
    expect(outcomes).toEqual(['failed', 'failed'])
    store.fail('works')
    await db.user.update(rename('x'))
    expect(await db.user.findUnique({ where: { id: 1 } })).toMatchObject({ name: 'x' })
  })

  it("a write to a model without onMarkFailure: 'reject' proceeds, and this process reads its own write", async () => {
    const { db, store } = failing()
    expect((await db.setting.findMany())[0]).toMatchObject({ value: 'before' })
    store.fail('rejects')
    await db.setting.update(set('after'))
    expect((await db.setting.findMany())[0]).toMatchObject({ value: 'after' })
  })

  const models = { Post: { ttl: '1m', onMarkFailure: 'reject' } } as const

  it('a raw write is rejected by the tables that the parser finds', async () => {
    const { db, store } = failing(undefined, models)
    store.fail('rejects')
    refused(await errorOf(db.$executeRaw`UPDATE blog_posts SET views = 1`), 'blog_posts')
    expect(await db.$executeRaw`DELETE FROM app_setting`).toBe(1)
  })

  it('a write is rejected for a table that it only changes through a foreign key, and raw SQL of unknown tables always', async () => {
    const { db, store, statements } = failing(undefined, models, { parser: false })
    store.fail('rejects')
    refused(await errorOf(db.user.delete({ where: { id: 1 } })), 'blog_posts')
    refused(await errorOf(db.$executeRaw`DELETE FROM app_setting`), 'blog_posts')
    expect(statements()).toEqual([])
    await db.setting.update(set('after'))
  })

  it('a rejected write does not leave marks behind that keep reads from the cache', async () => {
    const models = { '*': { ttl: '1m', onMarkFailure: 'reject' } } as const
    const { db, sources } = failing('blog_posts', models)
    const users = () => sources(() => db.user.findMany())
    await users()
    refused(await errorOf(db.user.delete({ where: { id: 1 } })), 'app_user, ')
    await expect.poll(users).toEqual(['store'])
  })
})

describe("with onMarkFailure: 'reject', an interactive transaction", () => {
  it('an interactive transaction is rolled back before COMMIT if a mark is refused, whatever else it wrote', async () => {
    const { db, base, store, log, outcomes } = failing()
    store.fail('rejects')
    const run = db.$transaction(async (tx) => {
      await tx.setting.update(set('after'))
      await tx.user.update(rename('x'))
    })
    refused(await errorOf(run))
    expect(log).not.toContain('COMMIT')
    expect(log).toContain('ROLLBACK done')
    expect(outcomes).toEqual(['failed'])
    expect(await base.setting.findMany()).toEqual([{ id: 's', value: 'before' }])
    expect(await base.user.count({ where: { name: 'x' } })).toBe(0)
  })

  it('an interactive transaction that fails by itself fails as without a cache', async () => {
    const { db, store } = failing()
    store.fail('rejects')
    const stop = new Error('stop')
    const run = db.$transaction(async (tx) => {
      await tx.user.update(rename('x'))
      throw stop
    })
    expect(await errorOf(run)).toBe(stop)
  })

  it("an interactive transaction commits if no table that it wrote has onMarkFailure: 'reject'", async () => {
    const { db, base, store } = failing()
    store.fail('rejects')
    await db.$transaction((tx) => tx.setting.update(set('after')))
    expect(await base.setting.findMany()).toEqual([{ id: 's', value: 'after' }])
  })

  it('a rejected interactive transaction leaves no marks behind', async () => {
    const { db, sources } = failing('app_user')
    const settings = () => sources(() => db.setting.findMany())
    await settings()
    const run = db.$transaction(async (tx) => {
      await tx.setting.update(set('after'))
      await tx.user.update(rename('x'))
    })
    refused(await errorOf(run))
    await expect.poll(settings).toEqual(['store'])
  })

  it('a rejected interactive transaction rolls back the writes of a released nested transaction', async () => {
    const { db, base, store, log } = failing()
    store.fail('rejects')
    const run = db.$transaction(async (tx) => {
      await tx.$transaction((inner) => inner.user.update(rename('x')))
      await tx.setting.update(set('after'))
    })
    refused(await errorOf(run))
    expect(log).toContain('RELEASE')
    expect(log).not.toContain('COMMIT')
    expect(await base.setting.findMany()).toEqual([{ id: 's', value: 'before' }])
    expect(await base.user.count({ where: { name: 'x' } })).toBe(0)
  })

  it('a raw COMMIT is rejected if a mark is refused', async () => {
    const { db, base, store } = failing()
    store.fail('rejects')
    const run = db.$transaction(async (tx) => {
      await tx.user.update(rename('x'))
      refused(await errorOf(tx.$executeRaw`COMMIT`))
    })
    refused(await errorOf(run))
    expect(await base.user.count({ where: { name: 'x' } })).toBe(0)
  })
})

describe("with onMarkFailure: 'reject', an array transaction", () => {
  it('an array transaction is rejected before BEGIN, and blocks nothing afterwards', async () => {
    const { db, store, log, outcomes, statements } = failing()
    store.fail('rejects')
    const run = db.$transaction([
      db.setting.update(set('after')),
      db.user.update(rename('x')),
      db.user.count(),
    ])
    refused(await errorOf(run))
    expect(log).not.toContain('BEGIN')
    expect(statements()).toEqual([])
    expect(outcomes).toEqual(['failed'])
    store.fail('works')
    await db.$transaction([db.setting.update(set('after')), db.user.update(rename('x'))])
    expect(await db.user.findUnique({ where: { id: 1 } })).toMatchObject({ name: 'x' })
  })

  it('a rejected array transaction leaves no marks behind', async () => {
    const { db, sources } = failing('app_user')
    const settings = () => sources(() => db.setting.findMany())
    await settings()
    refused(await errorOf(db.$transaction([db.setting.update(set('after')), db.user.update(rename('x'))])))
    await expect.poll(settings).toEqual(['store'])
  })
})
