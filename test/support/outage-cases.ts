import { type Cache, createCache, memoryStore } from '@larder/core'
import type { Engine, ReadPlan } from '@larder/core/host'
import { skipTest } from '@larder/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { OutageServer } from './outage-servers.ts'

/** A client with a cache and one connection. */
export interface OutageClient {
  /** Reads one row of `app_setting` through the cache. */
  read(id: number): Promise<unknown>
  /** Sends a statement past the cache, with the errors of the ORM. */
  execute(sql: string): Promise<unknown>
  /** Runs `body` while the only connection is in use. Absent: the driver waits for it for ever. */
  hold?(body: () => Promise<void>): Promise<unknown>
  close(): Promise<unknown>
}

/** A driver of an ORM, whose errors are classified. */
export interface OutageDriver {
  readonly name: string
  start(): Promise<OutageServer>
  /** Every timeout that the driver has is short. */
  connect(url: string, cache: Cache): OutageClient
  /** Whether the driver bounds how long it waits for the answer to a query. */
  readonly boundsQueries: boolean
  /** Limits the time of later statements of a client; then runs for longer than that. */
  readonly timeLimit: readonly [limit: string, slow: string]
  /** Statements that fail by themselves. */
  readonly ownErrors: Readonly<Record<string, string>>
}

/** How the failed loads of a cache were classified. */
export interface ClassifiedLoads {
  readonly cache: Cache
  /** For each load that failed: whether the database was unreachable. */
  readonly unreachable: (boolean | undefined)[]
  /** The host's classification, as the last read has it. */
  isUnreachable(error: unknown): boolean | undefined
}

/** A cache that keeps what the host of its clients says about the errors of their loads. */
export function classifiedLoads(): ClassifiedLoads {
  const unreachable: (boolean | undefined)[] = []
  let isUnreachable: ReadPlan<unknown>['unreachable']
  const watch = <P extends { readonly unreachable?: (error: unknown) => boolean }>(plan: P): P => {
    isUnreachable = plan.unreachable
    return plan
  }
  const classified = (engine: Engine): Engine => ({
    ...engine,
    read: (plan) =>
      engine.read({
        ...watch(plan),
        async run() {
          try {
            return await plan.run()
          } catch (error) {
            unreachable.push(plan.unreachable?.(error))
            throw error
          }
        },
      }),
    sync: {
      ...engine.sync,
      read: (plan) =>
        engine.sync.read({
          ...watch(plan),
          run() {
            try {
              return plan.run()
            } catch (error) {
              unreachable.push(plan.unreachable?.(error))
              throw error
            }
          },
        }),
    },
  })
  const inner = createCache({ store: memoryStore({ isolated: true }) })
  const cache: Cache = { ...inner, attach: (host) => classified(inner.attach(host)) }
  return { cache, unreachable, isUnreachable: (error) => isUnreachable?.(error) }
}

/** Registers the cases of a driver with a server. */
export function outageCases(driver: OutageDriver): void {
  describe(`the errors of ${driver.name}`, () => {
    let server: OutageServer
    let loads: ClassifiedLoads
    let client: OutageClient
    const open: OutageClient[] = []

    const connect = (url: string): OutageClient => {
      const client = driver.connect(url, loads.cache)
      open.push(client)
      return client
    }
    /** Whether the load of a failing read was classified as an unreachable database. */
    const wasUnreachable = async (read: Promise<unknown>): Promise<boolean | undefined> => {
      const before = loads.unreachable.length
      await expect(read).rejects.toBeInstanceOf(Error)
      expect(loads.unreachable).toHaveLength(before + 1)
      return loads.unreachable.at(-1)
    }

    beforeAll(async () => {
      server = await driver.start()
    })
    afterAll(() => server.stop())
    beforeEach(async () => {
      loads = classifiedLoads()
      client = connect(server.url)
      expect(await client.read(0)).toBeTruthy()
    })
    afterEach(async () => {
      server.resume()
      await Promise.all(open.splice(0).map((client) => client.close().catch(() => {})))
      await loads.cache.close()
      await server.start()
    })

    it('a server that is killed during a query is unreachable, until it is back', async () => {
      const release = await server.block()
      const unreachable = wasUnreachable(client.read(1))
      await server.waiting()
      await server.kill()
      expect(await unreachable).toBe(true)
      await release()
      expect(await wasUnreachable(client.read(2))).toBe(true)
      await server.start()
      // A pool may notice only now that an old connection is lost.
      await client.read(3).catch(() => {})
      expect(await client.read(4)).toBeTruthy()
    })

    it('a server that shuts down during a query is unreachable', async () => {
      let answered = true
      // A server may first end the session that holds the lock. It then still answers the query.
      for (let attempt = 1; answered && attempt <= 5; attempt++) {
        const release = await server.block()
        const read = client.read(attempt).then(
          () => true,
          () => false,
        )
        await server.waiting()
        await server.shutDown()
        answered = await read
        await release()
        if (!answered) break
        await server.start()
        client = connect(server.url)
      }
      expect(answered).toBe(false)
      expect(loads.unreachable.at(-1)).toBe(true)
      expect(await wasUnreachable(client.read(9))).toBe(true)
    })

    it('a server that is killed between two queries is unreachable', async () => {
      await server.kill()
      expect(await wasUnreachable(client.read(1))).toBe(true)
    })

    it('a server that hangs is unreachable for a new connection', async () => {
      const other = connect(server.url)
      server.pause()
      expect(await wasUnreachable(other.read(1))).toBe(true)
    })

    it('a server that hangs is unreachable over an open connection', async (context) => {
      if (!driver.boundsQueries) skipTest(context, 'the driver waits for an answer for ever')
      server.pause()
      expect(await wasUnreachable(client.read(1))).toBe(true)
    })

    it('a server with too many connections is unreachable', async () => {
      const other = connect(server.url)
      const empty = await server.fill()
      expect(await wasUnreachable(other.read(1))).toBe(true)
      await empty()
    })

    it('a pool without a free connection is unreachable', async (context) => {
      const { hold } = client
      if (!hold) return skipTest(context, 'the driver waits for a connection for ever')
      await hold(async () => {
        expect(await wasUnreachable(client.read(1))).toBe(true)
      })
      expect(await client.read(2)).toBeTruthy()
    })

    it('a host whose name does not exist is unreachable', async () => {
      const url = new URL(server.url)
      url.hostname = 'no-such-host.invalid'
      expect(await wasUnreachable(connect(url.href).read(1))).toBe(true)
    })

    it("a statement that exceeds the server's time limit counts as unreachable", async () => {
      const [limit, slow] = driver.timeLimit
      await client.execute(limit)
      const error = await client.execute(slow).catch((cause: unknown) => cause)
      expect(error).toBeInstanceOf(Error)
      expect(loads.isUnreachable(error)).toBe(true)
    })

    it('a read of a missing table counts as an error of the query', async () => {
      await server.run('ALTER TABLE app_setting RENAME TO other_setting')
      const unreachable = await wasUnreachable(client.read(1)).finally(() =>
        server.run('ALTER TABLE other_setting RENAME TO app_setting'),
      )
      expect(unreachable).toBe(false)
    })

    it('a read without permission counts as an error of the query', async () => {
      expect(await wasUnreachable(connect(server.guestUrl).read(1))).toBe(false)
    })

    it('refused credentials do not count as an outage', async () => {
      const url = new URL(server.url)
      url.username = 'nobody_here'
      expect(await wasUnreachable(connect(url.href).read(1))).toBe(false)
    })

    it('no error of a statement counts as an outage, even if it imitates one', async () => {
      const results: Record<string, unknown> = {}
      for (const [name, sql] of Object.entries(driver.ownErrors)) {
        const error = await client.execute(sql).catch((cause: unknown) => cause)
        results[name] = error instanceof Error ? loads.isUnreachable(error) : 'no error'
      }
      expect(results).toEqual(Object.fromEntries(Object.keys(results).map((name) => [name, false])))
      expect(Object.keys(results).length).toBeGreaterThan(5)
    })

    it('a client closed by the application does not count as an outage', async () => {
      await client.close()
      const error = await client.read(1).catch((cause: unknown) => cause)
      // Prisma connects again.
      if (error instanceof Error) expect(loads.unreachable).toEqual([false])
    })
  })
}

const raise = (code: string, message = 'made up'): string =>
  `DO $$ BEGIN RAISE EXCEPTION '${message}' USING ERRCODE = '${code}'; END $$`

/** Errors of PostgreSQL that are none of an outage. Some imitate one. */
export const POSTGRES_ERRORS: OutageDriver['ownErrors'] = {
  'wrong SQL': 'SELEC 1',
  'an unknown column': 'SELECT nothing FROM app_setting',
  'a violated constraint': "INSERT INTO app_setting VALUES ('1', 'again')",
  'a value of another type': "INSERT INTO app_setting VALUES ('x', NULL)",
  'a division by zero': 'SELECT 1/0',
  'a serialization failure': raise('40001'),
  'a deadlock': raise('40P01'),
  'a lock timeout': raise('55P03'),
  'a statement that the user cancels': raise('57014', 'canceling statement due to user request'),
  'an exception with the code of a shutdown': raise('57P01'),
  'an exception with the code of a broken connection': raise('08006'),
  'an exception with the text of a lost connection': raise('P0001', 'Connection terminated unexpectedly'),
}

const signal = (state: string, errno: number, message = 'made up'): string =>
  `BEGIN NOT ATOMIC SIGNAL SQLSTATE '${state}' SET MYSQL_ERRNO = ${errno}, MESSAGE_TEXT = '${message}'; END`

/** Errors of MariaDB that are none of an outage. */
export const MARIADB_ERRORS: OutageDriver['ownErrors'] = {
  'wrong SQL': 'SELEC 1',
  'an unknown column': 'SELECT nothing FROM app_setting',
  'a violated constraint': "INSERT INTO app_setting VALUES ('1', 'again')",
  'a missing value': "INSERT INTO app_setting VALUES ('x', NULL)",
  'a deadlock': signal('40001', 1213),
  'a lock timeout': signal('HY000', 1205),
  'a packet that is too large': signal('08S01', 1153),
  'a query that an administrator cancels': signal('70100', 1317),
  'an error with the text of a full pool': signal('45000', 1644, 'Queue limit reached.'),
}
