import type { CacheEvents, PolicyOptions } from '@larder/core'
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest'
import { Prisma } from '../../../../prisma/generated/client/client.ts'
import { type Connected, connect, errorOf, postgresDatabase, type TestDatabase } from '../support/client.ts'

// With the parser `libpg-query` installed, as it is here.

let database: TestDatabase
beforeAll(async () => {
  database = await postgresDatabase()
  await database.exec('CREATE VIEW some_users AS SELECT * FROM app_user')
  await database.exec(`CREATE FUNCTION rename_all() RETURNS int LANGUAGE sql AS
    $$ UPDATE app_user SET name = 'raw'; SELECT 1 $$`)
})
afterAll(() => database.stop())
beforeEach(async () => {
  await database.exec('TRUNCATE app_user, app_setting RESTART IDENTITY CASCADE')
  await database.exec(`INSERT INTO app_user (email, updated_at) VALUES ('a@x', now())`)
})

/** Fills the cache with one read of each of two tables, and tells how they are answered now. */
async function reading({ db, sources }: Connected) {
  const read = async () => {
    await db.user.findMany()
    await db.setting.findMany()
  }
  await read()
  return () => sources(read)
}

function unknownOf({ cache }: Connected): CacheEvents['unknown-write'][] {
  const events: CacheEvents['unknown-write'][] = []
  cache.on('unknown-write', (event) => events.push(event))
  return events
}

/** Nothing in it shows that users are written. */
const BY_FUNCTION = `INSERT INTO blog_tags (name) VALUES (rename_all()::text) ON CONFLICT DO NOTHING`

const USERS = ['database: invalidated', 'memory']
const BOTH = ['database: invalidated', 'database: invalidated']

type Write = readonly [name: string, run: (db: Connected['db']) => PromiseLike<unknown>]

const parsedWrites: readonly Write[] = [
  ['$executeRaw', (db) => db.$executeRaw`UPDATE app_user SET name = ${'raw'} WHERE id = ${1}`],
  [
    '$executeRaw of Prisma.sql in Prisma.sql',
    (db) => {
      const where = Prisma.sql`WHERE id IN (${Prisma.join([1, 2])})`
      return db.$executeRaw(Prisma.sql`UPDATE ${Prisma.raw('"app_user"')} SET name = ${'raw'} ${where}`)
    },
  ],
  ['$executeRawUnsafe', (db) => db.$executeRawUnsafe('UPDATE public.app_user SET name = $1', 'raw')],
  ['$queryRaw with RETURNING', (db) => db.$queryRaw`UPDATE ONLY App_User SET name = 'raw' RETURNING id`],
  ['$queryRawUnsafe', (db) => db.$queryRawUnsafe(`UPDATE app_user SET name = 'raw'`)],
  [
    'a CTE that writes',
    (db) => db.$queryRaw`WITH a AS (UPDATE app_user SET name = 'raw' RETURNING id) SELECT id FROM a`,
  ],
  ['several statements', (db) => db.$executeRawUnsafe(`SELECT 1; UPDATE app_user SET name = 'raw'`)],
  [
    'BEGIN and COMMIT in one text',
    (db) => db.$executeRawUnsafe(`BEGIN; UPDATE app_user SET name = 'raw'; COMMIT`),
  ],
  [
    'an array transaction',
    (db) => db.$transaction([db.user.count(), db.$executeRaw`UPDATE app_user SET name = 'raw'`]),
  ],
  [
    'an interactive transaction',
    async (db) => {
      await loadParser(db)
      return db.$transaction((tx) => tx.$executeRaw`UPDATE app_user SET name = 'raw'`)
    },
  ],
]

/** It is loaded for the first raw write: inside a transaction nothing waits until it is. */
async function loadParser(db: Connected['db']): Promise<void> {
  await db.$executeRaw`UPDATE app_user SET name = '' WHERE false`
}

const untold: readonly Write[] = [
  ['a DO block', (db) => db.$executeRaw`DO $$ BEGIN UPDATE app_user SET name = 'raw'; END $$`],
  ['a function', (db) => db.$executeRawUnsafe(BY_FUNCTION)],
  ['a view that is missing in the schema', (db) => db.$executeRaw`UPDATE some_users SET name = 'raw'`],
]

describe('a raw write, with the parser,', () => {
  test.each(parsedWrites)(
    'invalidates the reads of its tables and no other reads: %s',
    async (_name, run) => {
      for (const unknownWrites of ['invalidate', 'event', 'throw'] as const) {
        const connected = connect(database, { cache: { unknownWrites } })
        const events = unknownOf(connected)
        const again = await reading(connected)
        await run(connected.db)
        expect(await again()).toEqual(USERS)
        expect(await connected.db.user.findFirst()).toMatchObject({ name: 'raw' })
        expect(events).toEqual([])
      }
    },
  )

  test.each(untold)(
    'invalidates every table if the parser cannot determine its tables: %s',
    async (_name, run) => {
      const connected = connect(database)
      const events = unknownOf(connected)
      const again = await reading(connected)
      await run(connected.db)
      expect(await again()).toEqual(BOTH)
      expect(await connected.db.user.findFirst()).toMatchObject({ name: 'raw' })
      expect(events).toHaveLength(1)
    },
  )

  test.each(untold)(
    "of undetermined tables is refused under unknownWrites: 'throw': %s",
    async (_name, run) => {
      const connected = connect(database, { cache: { unknownWrites: 'throw' } })
      const again = await reading(connected)
      connected.statements()
      expect((await errorOf(run(connected.db))).code).toBe('LARDER_UNKNOWN_WRITE')
      expect(connected.statements()).toEqual([])
      expect(await again()).toEqual(['memory', 'memory'])
    },
  )

  it('is marked before it is sent', async () => {
    const { db, log } = connect(database)
    await db.$executeRaw`DELETE FROM app_setting`
    expect(log).toEqual(['mark', 'DELETE FROM app_setting', 'finish'])
  })

  it('invalidates tables that its foreign keys change', async () => {
    const { db, sources } = connect(database)
    const read = async () => {
      await db.post.findMany()
      await db.tag.findMany()
    }
    await db.post.create({ data: { title: 'p', author: { connect: { id: 1 } } } })
    await read()
    await db.$executeRaw`DELETE FROM app_user`
    expect(await sources(read)).toEqual(USERS)
    expect(await db.post.findMany()).toEqual([])
  })

  it('in a transaction that rolls back invalidates nothing, and is invisible outside before', async () => {
    const connected = connect(database)
    const again = await reading(connected)
    const run = connected.db.$transaction(async (tx) => {
      await tx.$executeRaw`UPDATE app_user SET name = 'raw'`
      expect(await again()).toEqual(['memory', 'memory'])
      expect(await tx.user.findFirst()).toMatchObject({ name: 'raw' })
      throw new Error('stop')
    })
    await errorOf(run)
    expect(await again()).toEqual(['memory', 'memory'])
  })

  it('is not parsed if the caller declares its tables', async () => {
    const connected = connect(database)
    const again = await reading(connected)
    await connected.db.$cached({ writes: ['Setting'] }).$executeRaw`UPDATE app_user SET name = 'raw'`
    expect(await again()).toEqual(['memory', 'database: invalidated'])
  })

  it('between a raw BEGIN and COMMIT belongs to that transaction', async () => {
    const connected = connect(database, { max: 1 })
    const { db } = connected
    const again = await reading(connected)
    await db.$executeRaw`BEGIN`
    await db.$executeRaw`UPDATE app_user SET name = 'raw'`
    expect(await again()).toEqual(['database: transaction', 'database: transaction'])
    await db.$executeRaw`COMMIT`
    expect(await again()).toEqual(USERS)
    expect(await db.user.findFirst()).toMatchObject({ name: 'raw' })
  })

  it('that begins a transaction leaves it open if its last statement fails', async () => {
    const connected = connect(database, { max: 1 })
    const { db } = connected
    const again = await reading(connected)
    const sql = `BEGIN; UPDATE app_user SET name = 'kept'; COMMIT; BEGIN; SELECT 1 / 0`
    await errorOf(db.$executeRawUnsafe(sql))
    expect(await again()).toEqual(['database: transaction', 'database: transaction'])
    await db.$executeRaw`ROLLBACK`
    expect(await again()).toEqual(USERS)
    expect(await db.user.findMany()).toMatchObject([{ name: 'kept' }])
  })

  it('invalidates every table in a transaction that runs before the parser is loaded', async () => {
    const connected = connect(database)
    const again = await reading(connected)
    await connected.db.$transaction((tx) => tx.$executeRaw`UPDATE app_user SET name = 'raw'`)
    expect(await again()).toEqual(BOTH)
  })

  it('in a transaction keeps rows written through before it, unless it writes their table', async () => {
    const models: Readonly<Record<string, PolicyOptions>> = { '*': { ttl: '1m', write: 'through' } }
    const through = async (sql: string): Promise<readonly string[]> => {
      const { db, sources } = connect(database, { models })
      await loadParser(db)
      await db.user.findUnique({ where: { id: 1 } })
      await db.$transaction(async (tx) => {
        await tx.user.update({ where: { id: 1 }, data: { name: 'typed' } })
        await tx.$executeRawUnsafe(sql)
      })
      return sources(() => db.user.findUnique({ where: { id: 1 } }))
    }
    expect(await through(`UPDATE app_setting SET value = '1'`)).toEqual(['memory'])
    expect(await through(`UPDATE app_user SET name = 'raw'`)).toEqual([expect.stringMatching(/^database/)])
    expect(await through(BY_FUNCTION)).toEqual([expect.stringMatching(/^database/)])
  })
})
