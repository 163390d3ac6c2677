import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Connected, connect, errorOf, postgresDatabase, type TestDatabase } from '../support/client.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await postgresDatabase()
  await database.exec(`CREATE FUNCTION rename_all(to_name text) RETURNS int LANGUAGE sql VOLATILE AS
    $$ UPDATE app_user SET name = to_name; SELECT 1 $$`)
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

const USERS_GONE = ['database: invalidated', 'memory']
const rename = `UPDATE app_user SET name = 'raw'`

describe('$cached({ writes })', () => {
  it.each(['User', 'app_user', 'public.APP_USER'])(
    'invalidates the reads of %s and no other reads',
    async (name) => {
      const connected = connect(database, { parser: false })
      const again = await reading(connected)
      const events: unknown[] = []
      connected.cache.on('unknown-write', (event) => events.push(event))
      await connected.db.$cached({ writes: [name] }).$executeRawUnsafe(rename)
      expect(await again()).toEqual(USERS_GONE)
      expect(events).toEqual([])
    },
  )

  it('marks declared writes before the statement', async () => {
    const connected = connect(database, { parser: false })
    await connected.db.$cached({ writes: ['User'] }).$executeRawUnsafe(rename)
    expect([...new Set(connected.log)]).toEqual(['mark', rename, 'finish'])
  })

  it('declares the writes of a function called in a SELECT', async () => {
    const connected = connect(database, { parser: false })
    const again = await reading(connected)
    await connected.db.$cached({ writes: ['User'] }).$queryRaw`SELECT rename_all('fn')`
    expect(await again()).toEqual(USERS_GONE)
    expect((await connected.db.user.findFirstOrThrow()).name).toBe('fn')
  })

  it('with an empty list invalidates nothing', async () => {
    const connected = connect(database, { parser: false })
    const again = await reading(connected)
    await connected.db.$cached({ writes: [] }).$executeRawUnsafe(`COMMENT ON TABLE app_user IS 'users'`)
    expect(await again()).toEqual(['memory', 'memory'])
  })

  it('invalidates reads of tables that foreign keys of the table change', async () => {
    const { db, sources } = connect(database, { parser: false })
    const read = () => db.profile.findMany()
    await read()
    await db.$cached({ writes: ['User'] }).$executeRaw`DELETE FROM app_user`
    expect(await sources(read)).toEqual(['database: invalidated'])
  })

  it('in a transaction adds its tables to the transaction', async () => {
    const connected = connect(database, { parser: false })
    const again = await reading(connected)
    connected.log.length = 0
    const rows = await connected.db.$transaction(async (tx) => {
      const raw = tx.$cached({ writes: ['User'] })
      await raw.$executeRawUnsafe(rename)
      return raw.user.count()
    })
    expect(rows).toBe(1)
    // Once per table: the foreign keys reach several.
    const order = new Set(connected.log.filter((line) => !/^SELECT/.test(line)))
    expect([...order]).toEqual(['BEGIN', 'BEGIN done', 'mark', rename, 'COMMIT', 'COMMIT done', 'finish'])
    expect(await again()).toEqual(USERS_GONE)
  })

  it('in a transaction applies to savepoints inside it', async () => {
    const connected = connect(database)
    const again = await reading(connected)
    await connected.db.$transaction((tx) =>
      (tx.$cached({ writes: ['User'] }) as unknown as typeof connected.db).$transaction(async (savepoint) => {
        await savepoint.$queryRaw`SELECT rename_all('inner')`
      }),
    )
    expect(await again()).toEqual(USERS_GONE)
    expect((await connected.db.user.findFirstOrThrow()).name).toBe('inner')
  })

  it('in a transaction that rolls back invalidates nothing', async () => {
    const connected = connect(database, { parser: false })
    const again = await reading(connected)
    const run = connected.db.$transaction(async (tx) => {
      await tx.$cached({ writes: ['User'] }).$executeRawUnsafe(rename)
      throw new Error('no')
    })
    expect(String(await errorOf(run))).toContain('no')
    expect(await again()).toEqual(['memory', 'memory'])
  })

  it("in an array transaction is declared by each statement's client", async () => {
    const connected = connect(database, { parser: false })
    const { db } = connected
    const again = await reading(connected)
    await db.$transaction([db.$cached({ writes: ['User'] }).$executeRawUnsafe(rename), db.setting.count()])
    expect(await again()).toEqual(USERS_GONE)
  })

  it('does not affect model operations of that client', async () => {
    const { db, sources } = connect(database, { parser: false })
    await db.user.findMany()
    expect(await sources(() => db.$cached({ writes: ['Setting'] }).user.findMany())).toEqual(['memory'])
  })
})

describe('$cache.wrote', () => {
  it('invalidates the reads of its models', async () => {
    const connected = connect(database, { parser: false, cache: { unknownWrites: 'event' } })
    const again = await reading(connected)
    await connected.db.$executeRawUnsafe(rename)
    expect(await again()).toEqual(['memory', 'memory'])
    await connected.db.$cache.wrote(['User'])
    expect(await again()).toEqual(USERS_GONE)
  })

  it('refuses an unknown model', async () => {
    const { db } = connect(database, { parser: false })
    expect(await errorOf(db.$cache.wrote(['Userx' as never]))).toMatchObject({ code: 'LARDER_UNKNOWN_MODEL' })
  })
})

describe('$cached({ reads })', () => {
  const users = (db: Connected['db']) =>
    db.$cached({ ttl: '1m', reads: ['User'] }).$queryRaw<{ id: number; name: string | null; n: bigint }[]>`
      SELECT id, name, created_at, count(*) OVER () AS n FROM app_user WHERE id = ${1}`

  it('caches a raw read until one of its tables is written', async () => {
    const { db, sources, statements } = connect(database, { parser: false })
    const first = await users(db)
    statements()
    expect(await users(db)).toEqual(first)
    expect(statements()).toEqual([])
    await db.setting.findMany()
    await db.user.update({ where: { id: 1 }, data: { name: 'new' } })
    expect(await sources(() => users(db))).toEqual(['database: invalidated'])
    expect((await users(db))[0]).toMatchObject({ name: 'new', n: 1n })
    expect(await sources(() => users(db))).toEqual(['memory'])
  })

  it('separates raw reads with other text or values', async () => {
    const { db } = connect(database, { parser: false })
    await database.exec(`INSERT INTO app_user (email, updated_at) VALUES ('b@x', now())`)
    const raw = db.$cached({ ttl: '1m', reads: ['User'] })
    const byId = async (id: number) =>
      (await raw.$queryRaw<{ email: string }[]>`SELECT email FROM app_user WHERE id = ${id}`)[0]?.email
    expect([await byId(1), await byId(2), await byId(1)]).toEqual(['a@x', 'b@x', 'a@x'])
    const unsafe = async (id: number) =>
      (await raw.$queryRawUnsafe<{ email: string }[]>('SELECT email FROM app_user WHERE id = $1', id))[0]
        ?.email
    expect([await unsafe(1), await unsafe(2), await unsafe(1)]).toEqual(['a@x', 'b@x', 'a@x'])
  })

  it.each([
    ['a lock', 'SELECT id FROM app_user FOR UPDATE', 'lock'],
    ['a volatile function', 'SELECT id, random() AS r FROM app_user', 'opaque'],
    ['a user-defined function', `SELECT rename_all('x')`, 'opaque'],
    ['the time', 'SELECT id, CURRENT_TIMESTAMP AS at FROM app_user', 'opaque'],
    ['a text that stands for the current time', `SELECT 'now'::timestamptz AS at`, 'opaque'],
    ['a setting of the session', 'SHOW search_path', 'opaque'],
  ] as const)('never caches a statement with %s', async (_name, sql, reason) => {
    const { db, cache } = connect(database, { parser: false })
    const raw = db.$cached({ ttl: '1m', reads: ['User'] })
    for (let turn = 0; turn < 2; turn++) {
      const { reads } = await cache.explain(() => raw.$queryRawUnsafe(sql))
      expect(reads).toMatchObject([{ source: 'database', reason }])
    }
  })

  it('never caches in a transaction', async () => {
    const { db, sources } = connect(database, { parser: false })
    await users(db)
    expect(await sources(() => db.$transaction([users(db)]))).toEqual(['database: transaction'])
    expect(
      await sources(() =>
        db.$transaction((tx) => tx.$cached({ ttl: 5, reads: ['User'] }).$queryRaw`SELECT 1`),
      ),
    ).toEqual(['database: transaction'])
  })

  it('invalidates a cached raw read by a cascade from another model', async () => {
    const { db, sources } = connect(database, { parser: false })
    const read = () => db.$cached({ ttl: '1m', reads: ['Profile'] }).$queryRaw`SELECT * FROM app_profile`
    await read()
    await db.user.delete({ where: { id: 1 } })
    expect(await sources(read)).toEqual(['database: invalidated'])
  })
})
