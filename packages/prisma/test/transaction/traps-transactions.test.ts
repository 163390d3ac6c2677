import { AsyncResource } from 'node:async_hooks'
import { EventEmitter, once } from 'node:events'
import { createCache } from '@larder/core'
import { prismaCache } from '@larder/prisma'
import { repeatWhenBusy } from '@larder/testing'
import { Prisma } from '@prisma/client/extension'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import {
  connect,
  datamodel,
  errorOf,
  PrismaClient,
  postgresDatabase,
  sourceOf,
  type TestDatabase,
} from '../support/client.ts'

repeatWhenBusy()

let database: TestDatabase
beforeAll(async () => {
  database = await postgresDatabase()
})
afterAll(() => database.stop())
beforeEach(async () => {
  await database.exec('TRUNCATE app_user, app_setting RESTART IDENTITY CASCADE')
  await database.exec(`INSERT INTO app_user (email, updated_at) VALUES ('a@x', now()), ('b@x', now())`)
})

const byId1 = { where: { id: 1 } }
const rename = (name: string) => ({ ...byId1, data: { name } })

describe('array transactions', () => {
  it('array transactions never hang on reads that are cached', async () => {
    const connected = connect(database)
    const { db, sources } = connected
    await db.user.findUnique(byId1)
    await db.user.findMany()
    const reads = await sources(() =>
      db.$transaction([db.user.findUnique(byId1), db.user.findMany(), db.user.count()]),
    )
    expect(reads).toEqual(Array(3).fill('database: transaction'))
    expect(await sources(() => db.user.findMany())).toEqual(['memory'])
  })

  it('array transactions mark before BEGIN and finish after COMMIT', async () => {
    const connected = connect(database)
    const { db, log } = connected
    await db.$transaction([db.user.update(rename('x')), db.setting.create({ data: { id: 's', value: '' } })])
    const order = log.filter((line) => !/^(?:UPDATE|INSERT|SELECT)/.test(line))
    expect(order).toEqual([
      'mark',
      'mark',
      'BEGIN',
      'BEGIN done',
      'COMMIT',
      'COMMIT done',
      'finish',
      'finish',
    ])
  })

  it('array transactions keep rows cached that their results show to be unchanged, like interactive transactions', async () => {
    const connected = connect(database)
    const { db, cache, sources } = connected
    const outcomes: unknown[] = []
    cache.on('write', ({ operation, tables, outcome }) => outcomes.push([operation, tables, outcome]))
    const other = () => sources(() => db.user.findUnique({ where: { id: 2 } }))
    await other()
    // Named by its address: which id it is shows in the answer.
    const byEmail = { where: { email: 'a@x' }, data: { name: 'x' } }
    await db.$transaction([db.user.update(byEmail), db.user.count()])
    expect(await other()).toEqual(['memory'])
    await db.$transaction((tx) => tx.user.update(byEmail))
    expect(await other()).toEqual(['memory'])
    expect(outcomes).toEqual(Array(2).fill(['$transaction', ['app_user'], 'committed']))
  })

  it('array transactions ignore the results of statements that are rolled back', async () => {
    const connected = connect(database)
    const { db, sources } = connected
    await db.user.findUnique(byId1)
    let answered: unknown
    const spied = db.$extends({
      query: {
        user: {
          async update({ args, query }) {
            answered = await query(args)
            return answered as never
          },
        },
      },
    })
    const error = await errorOf(
      spied.$transaction([spied.user.update(rename('gone')), spied.user.create({ data: { email: 'b@x' } })]),
    )
    expect([error.code, answered]).toEqual(['P2002', expect.objectContaining({ name: 'gone' })])
    expect(await db.user.findUnique(byId1)).toMatchObject({ name: null })
    expect(await sources(() => db.user.findUnique(byId1))).toEqual(['memory'])
  })

  it('array transactions are rejected as a whole if raw writes are refused', async () => {
    const connected = connect(database, { parser: false, cache: { unknownWrites: 'throw' } })
    const { db, statements } = connected
    const raw = db.$executeRaw`UPDATE app_user SET name = 'x'`
    const error = await errorOf(db.$transaction([db.user.update(rename('x')), raw]))
    expect(error.code).toBe('LARDER_UNKNOWN_WRITE')
    expect(statements()).toEqual([])
  })

  it('array transactions inside an interactive transaction belong to it', async () => {
    const connected = connect(database)
    const { db, log, sources } = connected
    await db.user.findMany()
    log.length = 0
    await db.$transaction(async (tx) => {
      const [, updated] = await tx.$transaction([tx.user.count(), tx.user.update(rename('x'))])
      expect(updated.name).toBe('x')
      expect(log).not.toContain('COMMIT')
    })
    expect(log.lastIndexOf('mark')).toBeLessThan(log.indexOf('COMMIT'))
    expect(log.indexOf('BEGIN')).toBeLessThan(log.indexOf('mark'))
    expect(await sources(() => db.user.findMany())).toEqual(['database: invalidated'])
  })
})

describe('interactive transactions', () => {
  it('interactive transactions mark, then COMMIT, then finish', async () => {
    const connected = connect(database)
    const { db, log } = connected
    await db.$transaction(async (tx) => {
      await tx.user.update(rename('x'))
      await tx.user.findUnique(byId1)
    })
    const order = log.filter((line) => !/^(?:UPDATE|SELECT)/.test(line))
    // What the statement names is marked beside it, what its result shows besides after it.
    expect(order).toEqual(['BEGIN', 'BEGIN done', 'mark', 'mark', 'COMMIT', 'COMMIT done', 'finish'])
  })

  it('interactive transactions read their own writes, which are invisible to other readers before COMMIT', async () => {
    const connected = connect(database)
    const { db, sources } = connected
    await db.user.findUnique(byId1)
    await db.$transaction(async (tx) => {
      await tx.user.update(rename('x'))
      expect(await tx.user.findUnique(byId1)).toMatchObject({ name: 'x' })
      // A client beside the transaction: it sees, and may cache, what is committed.
      expect(await db.user.findUnique(byId1)).toMatchObject({ name: null })
    })
    expect(await sources(() => db.user.findUnique(byId1))).toEqual(['database: invalidated'])
    expect(await db.user.findUnique(byId1)).toMatchObject({ name: 'x' })
  })

  it('interactive transactions invalidate nothing if they roll back', async () => {
    const connected = connect(database)
    const { db, log, sources } = connected
    await db.user.findMany()
    const stop = new Error('stop')
    const run = db.$transaction(async (tx) => {
      await tx.user.update(rename('x'))
      throw stop
    })
    expect(await errorOf(run)).toBe(stop)
    expect(log).not.toContain('COMMIT')
    expect(await sources(() => db.user.findMany())).toEqual(['memory'])
  })

  it('interactive transactions do not include writes of the outer client, which invalidate on their own', async () => {
    const connected = connect(database)
    const { db, sources } = connected
    await db.user.findMany()
    const run = db.$transaction(async (tx) => {
      await tx.user.count()
      await db.user.update({ where: { id: 2 }, data: { name: 'beside' } })
      throw new Error('stop')
    })
    await errorOf(run)
    expect(await sources(() => db.user.findMany())).toEqual(['database: invalidated'])
    expect(await db.user.findMany({ where: { name: 'beside' } })).toHaveLength(1)
  })

  it('interactive transactions stay separate while two run concurrently', async () => {
    const connected = connect(database)
    const { db, sources } = connected
    await db.setting.create({ data: { id: 's', value: '' } })
    await db.user.findMany()
    await db.setting.findMany()
    const first = Promise.withResolvers<void>()
    const second = Promise.withResolvers<void>()
    const failing = db.$transaction(async (tx) => {
      await tx.user.update(rename('gone'))
      first.resolve()
      await second.promise
      throw new Error('stop')
    })
    const committing = db.$transaction(async (tx) => {
      await first.promise
      await tx.setting.update({ where: { id: 's' }, data: { value: 'kept' } })
      second.resolve()
    })
    await Promise.allSettled([failing, committing])
    expect(await sources(() => db.user.findMany())).toEqual(['memory'])
    expect(await sources(() => db.setting.findMany())).toEqual(['database: invalidated'])
  })
})

describe('operations belong to their transaction without the asynchronous context', () => {
  it('operations belong to their transaction without the asynchronous context if lazy promises are awaited after others, and many concurrently', async () => {
    const connected = connect(database)
    const { db, log, sources } = connected
    await db.user.findMany()
    await db.setting.findMany()
    log.length = 0
    await db.$transaction(async (tx) => {
      const lazy = tx.user.update(rename('lazy'))
      await tx.user.count()
      await Promise.all([
        tx.setting.create({ data: { id: 'a', value: '' } }),
        tx.setting.create({ data: { id: 'b', value: '' } }),
        tx.user.findMany(),
        lazy,
      ])
      expect(log).not.toContain('COMMIT')
    })
    expect(log.indexOf('BEGIN')).toBeLessThan(log.indexOf('mark'))
    expect(log.lastIndexOf('mark')).toBeLessThan(log.indexOf('COMMIT'))
    expect(log.filter((line) => line === 'finish')).toHaveLength(2)
    expect(await sources(() => db.user.findMany())).toEqual(['database: invalidated'])
    expect(await sources(() => db.setting.findMany())).toEqual(['database: invalidated'])
  })

  it('operations belong to their transaction without the asynchronous context if they come from an event handler or a resource of another context', async () => {
    const connected = connect(database)
    const { db, log, sources } = connected
    await db.user.findMany()
    log.length = 0
    const emitter = new EventEmitter()
    const outside = new AsyncResource('outside')
    emitter.on('go', (run: () => Promise<unknown>) => {
      outside.runInAsyncScope(() => void run().then(() => emitter.emit('done')))
    })
    await db.$transaction(async (tx) => {
      const done = once(emitter, 'done')
      emitter.emit('go', async () => {
        await tx.user.update(rename('detached'))
        expect(await sources(() => tx.user.findUnique(byId1))).toEqual(['database: transaction'])
      })
      await done
      expect(log).not.toContain('COMMIT')
    })
    const order = log.filter((line) => /^(?:BEGIN|mark|COMMIT|finish)$/.test(line))
    expect(order).toEqual(['BEGIN', 'mark', 'mark', 'COMMIT', 'finish'])
    expect(await db.user.findUnique(byId1)).toMatchObject({ name: 'detached' })
  })

  it('$cache.invalidate of the outer client in the context of a transaction is applied at COMMIT', async () => {
    const connected = connect(database)
    const { db, sources } = connected
    await db.user.findMany()
    await db.$transaction(async (tx) => {
      await tx.$cache.invalidate({ models: ['User'] })
      await db.$cache.invalidate({ models: ['User'] })
      expect(await sources(() => db.user.findMany())).toEqual(['memory'])
    })
    expect(await sources(() => db.user.findMany())).toEqual(['database: invalidated'])
  })
})

describe('nested transactions', () => {
  it('nested transactions are finished with the outer transaction', async () => {
    const connected = connect(database)
    const { db, log, sources } = connected
    await db.user.findMany()
    log.length = 0
    await db.$transaction(async (tx) => {
      await tx.$transaction(async (inner) => {
        await inner.user.update(rename('inner'))
      })
      // Released, and marked by the transaction around it.
      expect(await sources(() => db.user.findMany())).toEqual(['database: dirty'])
    })
    const order = log.filter((line) => !/^(?:UPDATE|SELECT|BEGIN)/.test(line))
    expect(order[0]).toBe('SAVEPOINT')
    // Those of the nested scope come off before, those of the outer one after COMMIT.
    const commit = order.indexOf('COMMIT')
    expect(order.lastIndexOf('mark')).toBeLessThan(commit)
    expect(order.slice(commit)).toEqual(['COMMIT', 'COMMIT done', 'finish'])
    expect(await db.user.findUnique(byId1)).toMatchObject({ name: 'inner' })
  })

  it('nested transactions that roll back do not affect the outer transaction', async () => {
    const connected = connect(database)
    const { db } = connected
    await db.user.findMany()
    await db.setting.findMany()
    await db.$transaction(async (tx) => {
      await tx.setting.create({ data: { id: 'kept', value: '' } })
      await tx
        .$transaction(async (inner) => {
          await inner.user.update(rename('gone'))
          throw new Error('stop')
        })
        .catch(() => {})
      expect(await tx.user.findUnique(byId1)).toMatchObject({ name: null })
    })
    expect(await db.user.findUnique(byId1)).toMatchObject({ name: null })
    expect(await db.setting.findMany()).toHaveLength(1)
  })

  it('nested transactions that commit are discarded if the outer transaction rolls back', async () => {
    const connected = connect(database)
    const { db, log, sources } = connected
    await db.user.findMany()
    const run = db.$transaction(async (tx) => {
      await tx.$transaction((inner) => inner.user.update(rename('gone')))
      throw new Error('stop')
    })
    await errorOf(run)
    expect(log).not.toContain('COMMIT')
    expect(await sources(() => db.user.findMany())).toEqual(['memory'])
  })
})

describe('an interactive transaction that runs out of time', () => {
  it('an interactive transaction that runs out of time is reported as failed when the next operation runs', async () => {
    const connected = connect(database)
    const { db, sources } = connected
    await db.user.findMany()
    const run = db.$transaction(
      async (tx) => {
        await tx.user.update(rename('late'))
        await tx.$queryRaw`SELECT 1 FROM pg_sleep(0.2)`
        await tx.user.update(rename('later'))
      },
      { timeout: 100 },
    )
    expect((await errorOf(run)).code).toBe('P2028')
    expect(await sources(() => db.user.findMany())).toEqual(['memory'])
    expect(await db.user.findUnique(byId1)).toMatchObject({ name: null })
  })

  it('an interactive transaction that runs out of time does not run its body if the pool has no connection', async () => {
    const connected = connect(database, { max: 1 })
    const { db } = connected
    let ran = false
    await db.$transaction(async (tx) => {
      await tx.user.count()
      const body = async () => {
        ran = true
      }
      const starved = db.$transaction(body, { maxWait: 50 })
      expect((await errorOf(starved)).code).toBe('P2028')
    })
    expect(ran).toBe(false)
  })
})

it('operations issued after the transaction has ended are rejected and leave no marks', async () => {
  const connected = connect(database)
  const { db, sources } = connected
  await db.user.findMany()
  const escaped = await db.$transaction(async (tx) => {
    await tx.user.count()
    return { update: () => tx.user.update(rename('escaped')) }
  })
  expect((await errorOf(escaped.update())).code).toBe('P2028')
  expect(await db.user.findUnique(byId1)).toMatchObject({ name: null })
  expect(await sources(() => db.setting.findMany())).toEqual(['database: miss'])
})

describe('transactions that Larder does not begin', () => {
  it('array transactions of the unextended client hang nothing, leave nothing stale, and keep the tables dirty for a while', async () => {
    const connected = connect(database)
    const { base, db, sources } = connected
    await db.user.findMany()
    await db.setting.findMany()
    await base.$transaction([db.user.update(rename('lost')), db.user.findMany()])
    expect(await db.user.findUnique(byId1)).toMatchObject({ name: 'lost' })
    expect(await sources(() => db.user.findMany())).toEqual(['database: dirty'])
    expect(await sources(() => db.setting.findMany())).toEqual(['memory'])
  })

  it('transactions that an earlier extension begins for each operation invalidate correctly', async () => {
    const connected = connect(database)
    const { base } = connected
    const tenants = base.$extends({
      query: {
        async $allOperations({ args, query }) {
          const [, result] = await base.$transaction([
            base.$executeRaw`SELECT set_config('app.tenant', 'one', true)`,
            query(args) as never,
          ])
          return result
        },
      },
    })
    const cache = createCache()
    const db = tenants.$extends(prismaCache({ cache, datamodel, models: { '*': { ttl: '1m' } } }))
    const { reads } = await cache.explain(async () => {
      for (let turn = 0; turn < 2; turn++) await db.user.findUnique(byId1)
      await db.user.update(rename('tenant'))
      expect(await db.user.findUnique(byId1)).toMatchObject({ name: 'tenant' })
      await db.$queryRaw`SELECT current_setting('app.tenant')`
    })
    expect(reads.map(sourceOf)).toEqual(Array(4).fill('database: transaction'))
  })
})

it('an empty array and an array of one are transactions as well', async () => {
  const connected = connect(database)
  const { db, sources } = connected
  await db.user.findMany()
  expect(await db.$transaction([])).toEqual([])
  expect(await sources(() => db.user.findMany())).toEqual(['memory'])
  expect(await db.$transaction([db.user.update(rename('x'))])).toMatchObject([{ name: 'x' }])
  expect(await sources(() => db.user.findMany())).toEqual(['database: invalidated'])
})

describe('an extension that begins its transactions on $parent', () => {
  const roundabout = Prisma.defineExtension({
    client: {
      $transaction(this: object, ...parameters: unknown[]) {
        const { $parent } = Prisma.getExtensionContext(this) as unknown as { $parent: Begin }
        return $parent.$transaction(...parameters)
      },
    },
  })
  type Begin = { $transaction(...parameters: unknown[]): Promise<unknown> }

  it.each(['before', 'after'] as const)(
    'an extension that begins its transactions on $parent and is added %s the cache leaves nothing stale',
    async (order) => {
      const cache = createCache()
      const warnings: string[] = []
      cache.on('warning', ({ code }) => warnings.push(code))
      const larder = prismaCache({ cache, datamodel, models: { '*': { ttl: '1m' } } })
      const base = new PrismaClient({ adapter: database.adapter(() => {}) })
      onTestFinished(() => base.$disconnect())
      const db = (order === 'before'
        ? base.$extends(roundabout).$extends(larder)
        : base.$extends(larder).$extends(roundabout)) as unknown as PrismaClient
      const name = async () => (await db.user.findUnique({ where: { id: 1 } }))?.name
      await name()
      await db.$transaction(async (tx) => {
        await tx.user.update({ where: { id: 1 }, data: { name: 'unseen' } })
      })
      expect(await name()).toBe('unseen')
      expect(warnings).toEqual(['unseen-write'])
    },
  )
})
