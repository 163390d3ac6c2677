import type { CacheEvents } from '@larder/core'
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest'
import { type Connected, connect, errorOf, postgresDatabase, type TestDatabase } from '../support/client.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await postgresDatabase()
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

const CACHED = ['memory', 'memory']
const GONE = ['database: invalidated', 'database: invalidated']

describe('raw SQL that reads', () => {
  test.each([
    ['SELECT 1', (db: Connected['db']) => db.$queryRaw`SELECT 1 AS one`],
    [
      'a comment first',
      (db: Connected['db']) => db.$queryRawUnsafe('/* UPDATE */ SELECT 1 AS one -- DELETE'),
    ],
    ['WITH', (db: Connected['db']) => db.$queryRaw`WITH a AS (SELECT 1 AS one) SELECT * FROM a`],
    ['VALUES', (db: Connected['db']) => db.$queryRaw`VALUES (1)`],
    ['EXPLAIN', (db: Connected['db']) => db.$queryRaw`EXPLAIN SELECT * FROM app_user`],
    ['a text that contains DELETE', (db: Connected['db']) => db.$queryRaw`SELECT 'DELETE FROM x' AS text`],
    ['a read sent by $executeRaw', (db: Connected['db']) => db.$executeRaw`SELECT 1`],
  ] as const)('invalidates nothing: %s', async (_name, run) => {
    const connected = connect(database)
    const again = await reading(connected)
    await run(connected.db)
    expect(await again()).toEqual(CACHED)
  })

  it('is never cached and counts as a bypass', async () => {
    const connected = connect(database)
    const { db, cache, statements } = connected
    const { reads } = await cache.explain(async () => {
      for (let turn = 0; turn < 2; turn++) await db.$queryRaw`SELECT * FROM app_user`
    })
    expect(reads.map(({ operation, reason }) => [operation, reason])).toEqual([
      ['$queryRaw', 'no-policy'],
      ['$queryRaw', 'no-policy'],
    ])
    expect(statements()).toHaveLength(2)
    expect(cache.stats()).toMatchObject({ reads: 2, bypasses: 2, models: { raw: { reads: 2 } } })
  })

  it('with a locking clause is reported as a lock', async () => {
    const connected = connect(database)
    const { db, cache } = connected
    const again = await reading(connected)
    const { reads } = await cache.explain(() =>
      db.$transaction(async (tx) => {
        await tx.$queryRaw`SELECT id FROM app_user FOR UPDATE`
        await tx.$queryRaw`SELECT id FROM app_user`
      }),
    )
    expect(reads.map(({ reason }) => reason)).toEqual(['lock', 'transaction'])
    expect(await again()).toEqual(CACHED)
  })
})

const writes: readonly (readonly [string, (db: Connected['db']) => PromiseLike<unknown>])[] = [
  ['$executeRaw', (db) => db.$executeRaw`UPDATE app_user SET name = 'raw'`],
  ['$executeRawUnsafe', (db) => db.$executeRawUnsafe(`UPDATE app_user SET name = $1`, 'raw')],
  ['$queryRaw with RETURNING', (db) => db.$queryRaw`UPDATE app_user SET name = 'raw' RETURNING id`],
  ['$queryRawUnsafe', (db) => db.$queryRawUnsafe(`UPDATE app_user SET name = 'raw'`)],
  [
    'a CTE that writes',
    (db) => db.$queryRaw`WITH a AS (UPDATE app_user SET name = 'raw' RETURNING id) SELECT id FROM a`,
  ],
  [
    'several statements in one text',
    (db) => db.$executeRawUnsafe(`SELECT 1; UPDATE app_user SET name = 'raw'`),
  ],
  ['a function call', (db) => db.$executeRaw`DO $$ BEGIN UPDATE app_user SET name = 'raw'; END $$`],
  [
    'an array transaction',
    (db) => db.$transaction([db.user.count(), db.$executeRaw`UPDATE app_user SET name = 'raw'`]),
  ],
  [
    'an interactive transaction',
    (db) => db.$transaction((tx) => tx.$executeRaw`UPDATE app_user SET name = 'raw'`),
  ],
]

describe('raw SQL that alters its session', () => {
  it('stops all caching of the client, because the changed session is unknown', async () => {
    const connected = connect(database, { max: 1 })
    const again = await reading(connected)
    const warned: string[] = []
    connected.cache.on('warning', ({ code }) => warned.push(code))
    await connected.db.$transaction((tx) => tx.$executeRaw`SET LOCAL search_path = elsewhere`)
    expect(await again()).toEqual(CACHED)
    await connected.db.$executeRaw`SET TIME ZONE 'Europe/Paris'`
    expect(await again()).toEqual(CACHED.map(() => 'database: opaque'))
    expect(warned).toEqual(['session-altered'])
  })
})

describe('raw SQL that writes, without the parser,', () => {
  test.each(writes)('invalidates every table of the client: %s', async (_name, run) => {
    const connected = connect(database, { parser: false })
    const again = await reading(connected)
    const events: CacheEvents['unknown-write'][] = []
    connected.cache.on('unknown-write', (event) => events.push(event))
    await run(connected.db)
    expect(await again()).toEqual(GONE)
    expect(await connected.db.user.findFirst()).toMatchObject({ name: 'raw' })
    expect(events.map(({ sql }) => sql)).toEqual([expect.stringContaining('UPDATE')])
  })

  it("emits an event and invalidates nothing under unknownWrites: 'event'", async () => {
    const connected = connect(database, { parser: false, cache: { unknownWrites: 'event' } })
    const again = await reading(connected)
    const events: CacheEvents['unknown-write'][] = []
    connected.cache.on('unknown-write', (event) => events.push(event))
    await connected.db.$executeRaw`UPDATE app_user SET name = ${'raw'}`
    expect(await again()).toEqual(CACHED)
    expect(events).toEqual([{ operation: '$executeRaw', sql: 'UPDATE app_user SET name = ?' }])
  })

  test.each(writes)("is refused before it is sent under unknownWrites: 'throw': %s", async (_name, run) => {
    const connected = connect(database, { parser: false, cache: { unknownWrites: 'throw' } })
    const again = await reading(connected)
    connected.statements()
    expect((await errorOf(run(connected.db))).code).toBe('LARDER_UNKNOWN_WRITE')
    expect(connected.statements()).toEqual([])
    expect(await again()).toEqual(CACHED)
  })

  it('in a transaction that rolls back invalidates nothing', async () => {
    const connected = connect(database, { parser: false })
    const again = await reading(connected)
    const run = connected.db.$transaction(async (tx) => {
      await tx.$executeRaw`UPDATE app_user SET name = 'raw'`
      throw new Error('stop')
    })
    await errorOf(run)
    expect(await again()).toEqual(CACHED)
  })

  it('such as COMMIT inside $transaction is marked before it is sent', async () => {
    const connected = connect(database, { parser: false })
    const { db, log } = connected
    await db.user.findMany()
    log.length = 0
    await db
      .$transaction(async (tx) => {
        await tx.user.updateMany({ data: { name: 'by hand' } })
        await tx.$executeRaw`COMMIT`
      })
      .catch(() => {})
    expect(log.indexOf('mark')).toBeLessThan(log.indexOf('COMMIT'))
    expect(await db.user.findMany()).toMatchObject([{ name: 'by hand' }])
  })
})

describe('raw SQL that ends a transaction from inside', () => {
  const write = { where: { id: 1 }, data: { name: 'kept' } }
  const STOP = new Error('stop')

  test.each(['COMMIT', 'END; SELECT 1', `BEGIN; UPDATE app_user SET name = 'kept'; COMMIT`])(
    'commits the statements before it, even if the body then fails: %s',
    async (sql) => {
      const { db } = connect(database)
      await db.user.findMany()
      const failing = db.$transaction(async (tx) => {
        await tx.user.update(write)
        await tx.$executeRawUnsafe(sql)
        throw STOP
      })
      expect(await errorOf(failing)).toBe(STOP)
      expect(await db.user.findMany()).toMatchObject([{ name: 'kept' }])
    },
  )

  test.each(['COMMIT', 'ROLLBACK', 'ABORT'])(
    'makes later statements commit by themselves: %s',
    async (sql) => {
      const { db } = connect(database)
      await db.user.findMany()
      const failing = db.$transaction(async (tx) => {
        await tx.$executeRawUnsafe(sql)
        await tx.user.update(write)
        throw STOP
      })
      expect(await errorOf(failing)).toBe(STOP)
      expect(await db.user.findMany()).toMatchObject([{ name: 'kept' }])
    },
  )

  it('as COMMIT in a nested transaction makes later statements commit by themselves', async () => {
    const { db } = connect(database)
    await db.user.findMany()
    type Nesting = { $transaction(body: (tx: typeof db) => Promise<void>): Promise<void> }
    const failing = db.$transaction(async (tx) => {
      await tx.user.update(write)
      await (tx as unknown as Nesting).$transaction(async (inner) => {
        await inner.$executeRaw`COMMIT`
        throw STOP
      })
    })
    await errorOf(failing)
    expect(await db.user.findMany()).toMatchObject([{ name: 'kept' }])
  })

  it('as COMMIT in an array transaction makes later statements commit by themselves', async () => {
    const { db, cache } = connect(database)
    const outcomes: string[] = []
    cache.on('write', ({ outcome }) => outcomes.push(outcome))
    await db.user.findMany()
    const failing = db.$transaction([
      db.user.update(write),
      db.$executeRaw`COMMIT`,
      db.$executeRaw`SELECT 1 / 0`,
    ])
    await errorOf(failing)
    expect(outcomes).toEqual(['unknown'])
    expect(await db.user.findMany()).toMatchObject([{ name: 'kept' }])
  })
})

describe('BEGIN … COMMIT as raw SQL', () => {
  it('makes the client bypass the cache until its end, with a warning', async () => {
    const connected = connect(database, { max: 1 })
    const { db, cache, sources } = connected
    const warnings: string[] = []
    cache.on('warning', ({ code }) => warnings.push(code))
    const again = await reading(connected)
    await db.$executeRaw`BEGIN`
    expect(warnings).toEqual(['raw-transaction'])
    expect(await again()).toEqual(['database: transaction', 'database: transaction'])
    await db.user.updateMany({ data: { name: 'in it' } })
    expect(await sources(() => db.user.findMany())).toEqual(['database: transaction'])
    expect(await sources(() => db.$queryRaw`SELECT 1 AS one`)).toEqual(['database: transaction'])
    await db.$executeRaw`COMMIT`
    expect(await again()).toEqual(GONE)
    expect(await again()).toEqual(CACHED)
    expect(await db.user.findMany()).toMatchObject([{ name: 'in it' }])
  })

  it('ended by a raw ROLLBACK still invalidates its raw writes', async () => {
    const connected = connect(database, { max: 1, parser: false })
    const { db } = connected
    const again = await reading(connected)
    await db.$executeRawUnsafe('START TRANSACTION')
    await db.$executeRaw`UPDATE app_user SET name = 'gone'`
    await db.$executeRaw`ROLLBACK`
    expect(await again()).toEqual(GONE)
    expect(await db.user.findMany()).toMatchObject([{ name: null }])
  })

  it('opens no transaction if the server refuses BEGIN', async () => {
    const connected = connect(database, { max: 1 })
    const { db } = connected
    const again = await reading(connected)
    expect((await errorOf(db.$executeRawUnsafe('BEGIN NONSENSE'))).code).toBe('P2010')
    expect(await again()).toEqual(CACHED)
  })

  it('does not include a $transaction of the same client', async () => {
    const connected = connect(database)
    const { db } = connected
    const again = await reading(connected)
    await db.$executeRaw`BEGIN`
    await db.$transaction((tx) => tx.user.updateMany({ data: { name: 'own' } }))
    await db.$executeRaw`ROLLBACK`
    expect(await again()).toEqual(['database: invalidated', 'memory'])
  })
})
