import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { repeatWhenBusy } from '@larder/testing'
import { PrismaPg } from '@prisma/adapter-pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest'
import { commitFailed, statementFailed } from '../../src/transaction/outcome.ts'
import { type Connected, connect, errorOf, PrismaClient, postgresDatabase } from '../support/client.ts'

repeatWhenBusy()

// Every error here is a real one. What it is taken for shows in the write event, and in whether the next read may be
// cached: a failure is settled at once, an unknown outcome keeps the table's reads from the cache for a minute.

let database: Awaited<ReturnType<typeof postgresDatabase>>
beforeAll(async () => {
  database = await postgresDatabase()
  await database.exec(`
    ALTER TABLE app_user ADD CONSTRAINT no_bad CHECK (email <> 'bad');
    ALTER TABLE blog_posts ALTER CONSTRAINT blog_posts_author_id_fkey DEFERRABLE INITIALLY DEFERRED;
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(20); RETURN NEW; END $$;
    CREATE TRIGGER slow BEFORE UPDATE ON app_group FOR EACH ROW EXECUTE FUNCTION slow();`)
})
afterAll(() => database.stop())
beforeEach(async () => {
  await database.exec('TRUNCATE app_user, app_group, app_setting RESTART IDENTITY CASCADE')
  await database.exec(`INSERT INTO app_user (email, updated_at) VALUES ('a@x', now())`)
  await database.exec(`INSERT INTO app_group (name) VALUES ('g')`)
})

/** The outcome that the cache took `run` for, and where a read of the users comes from at once afterwards. */
async function outcomeOf(
  connected: Connected,
  run: (connected: Connected) => PromiseLike<unknown>,
): Promise<{ error: Error & { code?: unknown }; outcome: string | undefined; next: readonly string[] }> {
  const { base, cache, db, sources } = connected
  await db.user.findMany()
  let outcome: string | undefined
  const off = cache.on('write', (event) => {
    outcome = event.outcome
  })
  const error = await errorOf(run(connected))
  off()
  // A connection that was killed fails whoever takes it from the pool next.
  await base.$queryRaw`SELECT 1`.catch(() => {})
  return { error, outcome, next: await sources(() => db.user.findMany()) }
}

const REFUSED: readonly (readonly [
  string,
  string | undefined,
  (connected: Connected) => PromiseLike<unknown>,
])[] = [
  ['a unique violation', 'P2002', ({ db }) => db.user.create({ data: { email: 'a@x' } })],
  ['a foreign key violation', 'P2003', ({ db }) => db.profile.create({ data: { bio: 'x', userId: 99 } })],
  ['a deferred foreign key', 'P2003', ({ db }) => db.post.create({ data: { title: 'x', authorId: 99 } })],
  ['a check violation', 'P2039', ({ db }) => db.user.create({ data: { email: 'bad' } })],
  ['a row not found', 'P2025', ({ db }) => db.user.update({ where: { id: 99 }, data: { name: 'x' } })],
  [
    'a nested row not found',
    'P2018',
    ({ db }) => db.user.create({ data: { email: 'q@x', posts: { connect: { id: 77 } } } }),
  ],
  ['a text that is not UTF-8', 'P2039', ({ db }) => db.user.create({ data: { email: 'a\0' } })],
  ['a number out of range', 'P2020', ({ db }) => db.post.create({ data: { title: 'x', authorId: 2 ** 40 } })],
  ['a validation error', undefined, ({ db }) => db.user.create({ data: { emaill: 'x' } as never })],
  [
    'a raw unique violation',
    'P2010',
    ({ db }) => db.$executeRaw`INSERT INTO app_user (email) VALUES ('a@x')`,
  ],
  ['a raw syntax error', 'P2010', ({ db }) => db.$executeRaw`INSERTED`],
  [
    'a constraint that fails at the COMMIT of an interactive transaction',
    undefined,
    ({ db }) => db.$transaction((tx) => tx.post.create({ data: { title: 'x', authorId: 99 } })),
  ],
  [
    'a constraint that fails at the COMMIT of an array transaction',
    undefined,
    ({ db }) => db.$transaction([db.post.create({ data: { title: 'x', authorId: 99 } }), db.user.count()]),
  ],
  [
    'a statement of an array transaction that is refused',
    'P2002',
    ({ db }) => db.$transaction([db.user.count(), db.user.create({ data: { email: 'a@x' } })]),
  ],
]

describe('reads are cached again immediately after a write that was refused or not sent:', () => {
  test.each(REFUSED)('%s', async (_name, code, run) => {
    const connected = connect(database)
    const { error, outcome, next } = await outcomeOf(connected, run)
    expect(error.code).toBe(code)
    expect(outcome).toBe('failed')
    // Invalidated or not: the cache is asked, for nothing is in flight.
    expect(['memory', 'database: miss', 'database: invalidated']).toContain(next[0])
  })

  it('a statement timeout of the server', async () => {
    const adapter = new PrismaPg({ connectionString: database.url, options: '-c statement_timeout=50' })
    const connected = connect({ ...database, adapter: () => adapter })
    const { error, outcome } = await outcomeOf(connected, ({ db }) =>
      db.group.updateMany({ data: { name: 'h' } }),
    )
    expect([error.code, outcome]).toEqual(['P2039', 'failed'])
    expect(await connected.sources(() => connected.db.group.findMany())).toEqual(['database: miss'])
  })

  it('a serialization failure at COMMIT', async () => {
    const connected = connect(database)
    const serializable = { isolationLevel: 'Serializable' } as const
    const { error, outcome } = await outcomeOf(connected, ({ db }) =>
      db.$transaction(async (tx) => {
        await tx.user.count()
        await tx.user.create({ data: { email: 'one@x' } })
        // Its COMMIT comes first; ours is refused.
        await db.$transaction(async (other) => {
          await other.user.count()
          await other.user.create({ data: { email: 'two@x' } })
        }, serializable)
      }, serializable),
    )
    expect(error.cause).toMatchObject({ originalCode: '40001' })
    expect([commitFailed(error), outcome]).toEqual([true, 'failed'])
  })

  it('a deadlock', async () => {
    await database.exec(`INSERT INTO app_setting VALUES ('a', ''), ('b', '')`)
    const connected = connect(database)
    const { db } = connected
    const gate = Promise.withResolvers<void>()
    const turn = Promise.withResolvers<void>()
    const set = (tx: Pick<typeof db, 'setting'>, id: string) =>
      tx.setting.update({ where: { id }, data: { value: 'x' } })
    const first = db.$transaction(async (tx) => {
      await set(tx, 'a')
      gate.resolve()
      await turn.promise
      await set(tx, 'b')
    })
    const two = db.$transaction(async (tx) => {
      await gate.promise
      await set(tx, 'b')
      turn.resolve()
      await set(tx, 'a')
    })
    const errors = (await Promise.allSettled([first, two])).filter((end) => end.status === 'rejected')
    expect(errors.map((end) => [end.reason.code, statementFailed(end.reason)])).toEqual([['P2034', true]])
    expect(await connected.sources(() => db.setting.findMany())).toEqual(['database: miss'])
  })
})

describe('a transaction that Prisma aborted never sends COMMIT', () => {
  it('after an interactive transaction ran out of time', async () => {
    const connected = connect(database)
    const { db } = connected
    const atCommit = await outcomeOf(connected, () =>
      db.$transaction(
        async (tx) => {
          await tx.user.updateMany({ data: { name: 'late' } })
          await tx.$queryRaw`SELECT 1 FROM pg_sleep(0.2)`
        },
        { timeout: 100 },
      ),
    )
    expect(atCommit.error).toMatchObject({
      code: 'P2028',
      message: expect.stringContaining('commit cannot be executed'),
    })
    expect([atCommit.outcome, atCommit.next]).toEqual(['failed', ['database: invalidated']])
    expect(await db.user.findMany()).toMatchObject([{ name: null }])
  })

  it('after an array transaction found no connection', async () => {
    const connected = connect(database, { max: 1 })
    const { db } = connected
    const release = Promise.withResolvers<void>()
    const holding = Promise.withResolvers<void>()
    const holder = db.$transaction(async (tx) => {
      await tx.group.count()
      holding.resolve()
      await release.promise
    })
    await holding.promise
    const statements = [db.user.updateMany({ data: { name: 'x' } }), db.group.count()] as const
    const error = await errorOf(db.$transaction([...statements], { maxWait: 50 } as never))
    expect(error).toMatchObject({ code: 'P2028', message: expect.stringContaining('Unable to start') })
    release.resolve()
    await holder
    expect(await connected.sources(() => db.user.findMany())).toEqual(['database: miss'])
  })
})

describe('reads bypass the cache after an unknown outcome', () => {
  it('because the backend is killed during the statement', async () => {
    const connected = connect(database)
    const { error, outcome } = await outcomeOf(connected, async ({ db }) => {
      const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE 'UPDATE%app_group%' AND wait_event = 'PgSleep'`
      // Until the statement is found sleeping in its trigger.
      const killing = async () => {
        while (!((await database.exec(kill)) as { rowCount: number }).rowCount);
      }
      await Promise.all([db.group.updateMany({ data: { name: 'h' } }), killing()])
    })
    expect(error).toMatchObject({ code: 'P2039', message: expect.stringContaining('57P01') })
    expect(outcome).toBe('unknown')
    expect(await connected.sources(() => connected.db.group.findMany())).toEqual(['database: dirty'])
  })

  it('because the backend is killed before COMMIT', async () => {
    const connected = connect(database)
    const { error, outcome, next } = await outcomeOf(connected, ({ db }) =>
      db.$transaction(async (tx) => {
        const [backend] = await tx.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`
        await tx.user.updateMany({ data: { name: 'x' } })
        await database.exec(`SELECT pg_terminate_backend(${backend?.pid})`)
      }),
    )
    expect(commitFailed(error)).toBe(false)
    expect([outcome, next]).toEqual(['unknown', ['database: dirty']])
  })

  it('because the client times out while the statement continues', async () => {
    const adapter = new PrismaPg({ connectionString: database.url, query_timeout: 50 })
    const connected = connect({ ...database, adapter: () => adapter })
    const { error, outcome } = await outcomeOf(connected, ({ db }) =>
      db.group.updateMany({ data: { name: 'h' } }),
    )
    expect([error.message, outcome]).toEqual([expect.stringContaining('Query read timeout'), 'unknown'])
    await database.exec(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'UPDATE%app_group%'`,
    )
  })

  it('because the connection is cut or refused', async () => {
    const sockets: Socket[] = []
    const server = createServer((socket) => void sockets.push(socket.on('data', () => socket.destroy())))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = address && typeof address !== 'string' ? address.port : 0
    const write = async () => {
      const adapter = new PrismaPg({ connectionString: `postgresql://127.0.0.1:${port}/none` })
      const client = new PrismaClient({ adapter })
      return await errorOf(client.user.create({ data: { email: 'x' } }))
    }
    expect(statementFailed(await write())).toBe(false)
    server.close()
    await once(server, 'close')
    const refused = await write()
    expect([refused.code, statementFailed(refused)]).toEqual(['P1001', false])
  })
})

it("an error of unknown origin or without a driver's code does not prove that a write failed", () => {
  for (const error of [
    undefined,
    null,
    'P2002',
    5,
    new Error('P2002'),
    { code: 'P2024' },
    { code: 'P2028' },
  ]) {
    expect(statementFailed(error)).toBe(false)
    expect(commitFailed(error)).toBe(false)
  }
  const driverError = (originalCode: string) => ({
    code: 'P2039',
    meta: { driverAdapterError: { cause: { originalCode } } },
  })
  const states = ['08006', '57P01', '57P05', '58030', 'XX000', '40003']
  expect(
    states.filter((state) => statementFailed(driverError(state)) || commitFailed(driverError(state))),
  ).toEqual([])
  // MySQL's and SQLite's numbers are no SQLSTATE: only Prisma's own code counts.
  expect(['2013', '1317', '5'].filter((code) => statementFailed(driverError(code)))).toEqual([])
})
