import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Prisma, type PrismaClient } from '../../../../prisma/generated/client/client.ts'
import { type AdapterClient, adapterClient } from '../support/adapter-client.ts'
import { ADAPTERS, type AdapterDatabase } from '../support/adapters.ts'
import { watching } from '../support/watching.ts'

const SHOWN = ['a pool of PostgreSQL', 'MariaDB', 'better-sqlite3']
const ALL = ['database: invalidated', 'database: invalidated', 'memory']

const where = { id: 'a' }
const data = { value: '1' }

type WatchedClients = Awaited<ReturnType<typeof watching>>
type Write = readonly [name: string, run: (both: WatchedClients) => Promise<unknown>]

/** The client under the cache: `$parent` alone is one that the cache sees. */
function unextended(tx: unknown): PrismaClient {
  return (tx as { $parent: { $parent: PrismaClient } }).$parent.$parent
}

/** Writes that no operation of the extended client announces. */
const WRITES: readonly Write[] = [
  ['an update', ({ base }) => base.setting.update({ where, data })],
  ['an upsert', ({ base }) => base.setting.upsert({ where, update: data, create: { ...where, ...data } })],
  ['a createMany', ({ base }) => base.setting.createMany({ data: [{ id: 'c', value: '1' }] })],
  ['a deleteMany', ({ base }) => base.setting.deleteMany({ where: { id: { in: ['a'] } } })],
  ['raw SQL', ({ base }) => base.$executeRawUnsafe(`UPDATE app_setting SET value = '1' WHERE id = 'a'`)],
  ['a transaction', ({ base }) => base.$transaction((tx) => tx.setting.update({ where, data }))],
  [
    'an array transaction',
    ({ base }) => base.$transaction([base.setting.update({ where, data }), base.setting.findMany()]),
  ],
  [
    'an array transaction concurrent with operations of the extended client',
    ({ base, db }) =>
      db.$transaction([
        db.setting.update({ where: { id: 'b' }, data }),
        base.setting.update({ where, data }),
      ]),
  ],
  [
    '$parent of a transaction',
    ({ db }) =>
      db.$transaction(async (tx) => {
        await tx.setting.update({ where: { id: 'b' }, data })
        await (tx as unknown as { $parent: PrismaClient }).$parent.setting.update({ where, data })
      }),
  ],
  [
    'the unextended client of a transaction that also writes the table itself',
    ({ db }) =>
      db.$transaction(async (tx) => {
        await Promise.all([
          tx.setting.update({ where: { id: 'b' }, data }),
          unextended(tx).setting.update({ where, data }),
        ])
      }),
  ],
  [
    'the unextended client of a transaction that also writes another table by raw SQL',
    ({ db }) =>
      db.$transaction(async (tx) => {
        const raw = (tx as unknown as { $cached(call: object): PrismaClient }).$cached({ writes: ['Note'] })
        await Promise.all([
          raw.$executeRawUnsafe(`UPDATE app_note SET text = '' WHERE id = 'none'`),
          unextended(tx).setting.update({ where, data }),
        ])
      }),
  ],
  [
    'a transaction inside the body of one that is rolled back',
    async ({ base, db }) => {
      await db
        .$transaction(async () => {
          await base.setting.update({ where, data }).catch(() => {})
          throw new Error('rolled back')
        })
        .catch(() => {})
    },
  ],
]

describe.each(SHOWN)('on %s', (name) => {
  let database: AdapterDatabase
  let clients: AdapterClient
  beforeAll(async () => {
    database = await (ADAPTERS[name] as () => Promise<AdapterDatabase>)()
    clients = await adapterClient(database.provider)
  })
  afterAll(async () => {
    await database.stop()
  })

  it.each(WRITES)('a write of the unextended client by %s invalidates', async (_, write) => {
    const both = await watching(database, clients)
    await both.sources()
    await write(both)
    expect(await both.read()).toEqual(await both.fresh())
  })

  it('keeps reads of other tables cached, and warns once for each table', async () => {
    const { base, sources, codes, warnings } = await watching(database, clients)
    await sources()
    await base.setting.update({ where, data })
    await base.setting.update({ where, data })
    expect(await sources()).toEqual(ALL)
    expect(codes()).toEqual(['unseen-write'])
    expect(warnings[0]?.message).toContain('app_setting')
  })

  it('a transaction that the unextended client rolls back invalidates nothing', async () => {
    const { base, sources, read, fresh } = await watching(database, clients)
    await sources()
    await base
      .$transaction(async (tx) => {
        await tx.setting.update({ where, data })
        throw new Error('rolled back')
      })
      .catch(() => {})
    expect(await read()).toEqual(await fresh())
  })

  it('writes of the extended client emit no warning and invalidate by row', async () => {
    const { db, codes, cache } = await watching(database, clients)
    await db.setting.findUnique({ where: { id: 'b' } })
    await db.setting.update({ where, data })
    await db.setting.createMany({ data: [{ id: 'd', value: '1' }] })
    await db.setting.upsert({ where, update: data, create: { ...where, ...data } })
    await db.$executeRawUnsafe(`UPDATE app_note SET text = '' WHERE id = 'none'`).catch(() => {})
    await db.$transaction(async (tx) => {
      await Promise.all([tx.setting.update({ where, data }), tx.setting.findMany()])
      await tx.setting.deleteMany({ where: { id: 'd' } })
    })
    await db.$transaction([db.setting.update({ where, data }), db.setting.findMany()])
    expect(codes()).toEqual([])
    const { reads } = await cache.explain(() => db.setting.findMany())
    expect(reads).toHaveLength(1)
  })

  const softDelete = Prisma.defineExtension((client) =>
    client.$extends({
      query: {
        setting: {
          delete: ({ args }) =>
            client.setting.update({ where: args.where, data: { value: 'deleted' } }) as never,
        },
      },
    }),
  )

  it.each(['before', 'after'])('a soft delete added %s the cache leaves nothing stale', async (order) => {
    const apply = (client: PrismaClient) => client.$extends(softDelete) as unknown as PrismaClient
    const both = await watching(database, clients, order === 'before' ? apply : undefined)
    const db = order === 'before' ? both.db : apply(both.db)
    await db.setting.findMany({ orderBy: { id: 'asc' } })
    await both.sources()
    await db.setting.delete({ where })
    expect(await both.read()).toEqual(await both.fresh())
    expect((await db.setting.findMany({ orderBy: { id: 'asc' } }))[0]?.value).toBe('deleted')
  })

  it('an extension that begins its transactions on $parent leaves nothing stale', async () => {
    const both = await watching(database, clients)
    const db = both.db.$extends({
      client: {
        $transaction(this: object, ...args: unknown[]) {
          const { $parent } = this as { $parent: PrismaClient }
          return ($parent.$transaction as (...all: unknown[]) => unknown)(...args)
        },
      },
    }) as unknown as PrismaClient
    await both.sources()
    await db.$transaction((tx) => tx.setting.update({ where, data }))
    expect(await both.read()).toEqual(await both.fresh())
  })
})
