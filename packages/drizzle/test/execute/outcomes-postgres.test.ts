import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { createDatabase, type Database, postgresUrl, repeatWhenBusy } from '@larder/testing'
import { eq, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'

repeatWhenBusy()

// The outcome of failed transactions and statements, on a PostgreSQL server.

const items = pgTable('item', {
  id: integer().primaryKey(),
  name: text().notNull(),
  rank: integer().notNull(),
})
const schema = { items }
const READ_TIMEOUT = 300

let database: Database
let admin: pg.Client
const pools: pg.Pool[] = []

beforeAll(async () => {
  database = await createDatabase(await postgresUrl())
  admin = await connected()
  await admin.query('CREATE TABLE item (id integer PRIMARY KEY, name text NOT NULL, rank integer NOT NULL)')
  await admin.query('ALTER TABLE item ADD UNIQUE (rank) DEFERRABLE INITIALLY DEFERRED')
  await admin.query(`CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN IF NEW.name = ''slow'' THEN PERFORM pg_sleep(1); END IF; RETURN NULL; END'`)
  await admin.query(`CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON item DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION slow()`)
})
beforeEach(async () => {
  await admin.query('DELETE FROM item')
  await admin.query(`INSERT INTO item VALUES (1, 'one', 1), (2, 'two', 2), (3, 'three', 3)`)
})
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.end()))
})
afterAll(async () => {
  await admin.end()
  await database.drop()
})

async function connected(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url })
  client.on('error', () => {})
  await client.connect()
  return client
}

function setup(options: pg.PoolConfig = {}) {
  const pool = new pg.Pool({ connectionString: database.url, max: 3, ...options })
  pool.on('error', () => {})
  // A client that is killed while in use emits its own error.
  pool.on('connect', (client) => client.on('error', () => {}))
  pools.push(pool)
  const cache = createCache()
  const db = drizzleCache(drizzle(pool, { schema }), { cache, tables: { items: { ttl: '1h' } } })
  const outcomes: string[] = []
  cache.on('write', ({ outcome }) => outcomes.push(outcome))
  const name = async (id: number): Promise<string | undefined> =>
    (await db.select().from(items).where(eq(items.id, id)))[0]?.name
  const sourceOf = async (id: number): Promise<string> => {
    const { reads } = await cache.explain(() => name(id))
    return reads.map(({ source, reason }) => (reason ? `${source} ${reason}` : source)).join()
  }
  /** The current value in the database. */
  const nameInDatabase = async (id: number): Promise<string> => {
    const { rows } = await admin.query<{ name: string }>('SELECT name FROM item WHERE id = $1', [id])
    return rows[0]?.name ?? 'nothing'
  }
  return { db, cache, outcomes, name, sourceOf, nameInDatabase }
}

/** Expects that the tag is not dirty: even if the entry was invalidated, the next read is cached. */
async function expectCachedAgain(sourceOf: () => Promise<string>): Promise<void> {
  expect(await sourceOf()).not.toContain('dirty')
  expect(await sourceOf()).toBe('memory')
}

/** A lock on one row, held by another connection. */
async function lock(id: number): Promise<{ waiting(): Promise<number>; release(): Promise<void> }> {
  const holder = await connected()
  await holder.query('BEGIN')
  await holder.query('SELECT * FROM item WHERE id = $1 FOR UPDATE', [id])
  return {
    async waiting() {
      const { rows } = await admin.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      )
      if (!rows[0]) throw new Error('nobody waits')
      return rows[0].pid
    },
    async release() {
      await holder.query('COMMIT')
      await holder.end()
    },
  }
}

describe('failed statements', () => {
  it('after a killed backend the rows of the statement are not served from the cache', async () => {
    const { db, outcomes, name, sourceOf } = setup()
    await name(1)
    const { waiting, release } = await lock(1)
    const update = db.update(items).set({ name: 'killed' }).where(eq(items.id, 1)).execute()
    const rejected = expect(update).rejects.toThrow()
    const pid = await vi.waitFor(waiting, { timeout: 30_000, interval: 20 })
    await admin.query('SELECT pg_terminate_backend($1)', [pid])
    await rejected
    await release()
    expect(outcomes).toStrictEqual(['unknown'])
    expect(await sourceOf(1)).toBe('database dirty')
    expect(await name(1)).toBe('one')
  })

  it('a statement that timed out in the client may commit, and no earlier entry is served then', async () => {
    const { db, outcomes, name, sourceOf, nameInDatabase } = setup({ query_timeout: READ_TIMEOUT })
    await name(1)
    const { release } = await lock(1)
    const update = db.update(items).set({ name: 'late' }).where(eq(items.id, 1)).execute()
    await expect(update).rejects.toThrow()
    expect(outcomes).toStrictEqual(['unknown'])
    // A read while the outcome is open. Its result must not be kept.
    expect(await sourceOf(1)).toBe('database dirty')
    await release()
    await vi.waitFor(async () => expect(await nameInDatabase(1)).toBe('late'), {
      timeout: 30_000,
      interval: 20,
    })
    expect(await name(1)).toBe('late')
  })

  it('a statement that the server rejects invalidates nothing', async () => {
    const { db, outcomes, name, sourceOf } = setup()
    await name(1)
    await expect(db.insert(items).values({ id: 1, name: 'again', rank: 9 }).execute()).rejects.toThrow()
    await expect(db.execute(sql`update ${items} set name = null where id = 1`)).rejects.toThrow()
    expect(outcomes).toStrictEqual(['failed', 'failed'])
    await expectCachedAgain(() => sourceOf(1))
  })

  it('a statement_timeout counts as a rejection by the server', async () => {
    const { db, outcomes, name, sourceOf } = setup({ statement_timeout: READ_TIMEOUT })
    await name(1)
    const { release } = await lock(1)
    await expect(db.update(items).set({ name: 'never' }).where(eq(items.id, 1)).execute()).rejects.toThrow()
    await release()
    expect(outcomes).toStrictEqual(['failed'])
    await expectCachedAgain(() => sourceOf(1))
  })
})

describe('failed transactions', () => {
  it('a COMMIT rejected by a deferred constraint invalidates nothing', async () => {
    const { db, outcomes, name, sourceOf } = setup()
    await name(1)
    const clash = db.transaction(async (tx) => {
      await tx.update(items).set({ name: 'clash', rank: 2 }).where(eq(items.id, 1)).returning()
    })
    await expect(clash).rejects.toThrow()
    expect(outcomes).toStrictEqual(['failed'])
    await expectCachedAgain(() => sourceOf(1))
    expect(await name(1)).toBe('one')
  })

  it('a COMMIT that timed out in the client may have committed', async () => {
    const { db, outcomes, name, nameInDatabase } = setup({ query_timeout: READ_TIMEOUT })
    await name(1)
    const slow = db.transaction(async (tx) => {
      await tx.update(items).set({ name: 'slow' }).where(eq(items.id, 1)).returning()
    })
    await expect(slow).rejects.toThrow()
    expect(outcomes).toStrictEqual(['unknown'])
    await vi.waitFor(async () => expect(await nameInDatabase(1)).toBe('slow'), {
      timeout: 30_000,
      interval: 20,
    })
    expect(await name(1)).toBe('slow')
  })

  it('a backend killed at COMMIT leaves the outcome unknown', async () => {
    const { db, outcomes, sourceOf } = setup()
    let pid = 0
    const killed = db.transaction(async (tx) => {
      await tx.update(items).set({ name: 'slow' }).where(eq(items.id, 1))
      const { rows } = await tx.execute(sql`select pg_backend_pid() as pid`)
      pid = Number(rows[0]?.pid)
    })
    const rejected = expect(killed).rejects.toThrow()
    await vi.waitFor(
      async () => {
        const { rows } = await admin.query(
          `SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'`,
          [pid],
        )
        expect(rows).toHaveLength(1)
      },
      { timeout: 30_000, interval: 20 },
    )
    await admin.query('SELECT pg_terminate_backend($1)', [pid])
    await rejected
    expect(outcomes).toStrictEqual(['unknown'])
    expect(await sourceOf(1)).toBe('database dirty')
  })

  it('the COMMIT of an aborted transaction resolves, and nothing counts as committed', async () => {
    const { db, name, nameInDatabase } = setup()
    expect(await name(1)).toBe('one')
    await db.transaction(async (tx) => {
      const rows = await tx.update(items).set({ name: 'gone' }).where(eq(items.id, 1)).returning()
      expect(rows).toMatchObject([{ name: 'gone' }])
      await tx
        .insert(items)
        .values({ id: 2, name: 'again', rank: 9 })
        .catch(() => {})
    })
    expect(await nameInDatabase(1)).toBe('one')
    expect(await name(1)).toBe('one')
  })

  it('a transaction that fails before COMMIT invalidates nothing, even if its backend is killed', async () => {
    const { db, outcomes, name, sourceOf } = setup()
    await name(1)
    const killed = db.transaction(async (tx) => {
      await tx.update(items).set({ name: 'never' }).where(eq(items.id, 1))
      await tx.execute(sql`select pg_terminate_backend(pg_backend_pid())`)
    })
    await expect(killed).rejects.toThrow()
    expect(outcomes).toStrictEqual(['failed'])
    await expectCachedAgain(() => sourceOf(1))
  })
})

describe('a raw COMMIT or ROLLBACK in a transaction', () => {
  const BY_HAND = {
    commit: sql`commit`,
    'commit and chain': sql`commit and chain`,
    'several statements': sql.raw('commit; begin'),
  }
  for (const [what, commit] of Object.entries(BY_HAND))
    it(`${what} commits earlier writes, which are visible immediately and survive a rollback`, async () => {
      const { db, name, nameInDatabase } = setup()
      await name(1)
      const undone = db.transaction(async (tx) => {
        await tx.update(items).set({ name: 'kept' }).where(eq(items.id, 1))
        await tx.execute(commit)
        expect(await nameInDatabase(1)).toBe('kept')
        expect(await name(1)).toBe('kept')
        tx.rollback()
      })
      await expect(undone).rejects.toThrow()
      expect(await name(1)).toBe('kept')
    })

  for (const end of ['commit', 'rollback', 'abort'])
    it(`a write after ${end} commits by itself`, async () => {
      const { db, name, outcomes } = setup()
      await name(1)
      await name(2)
      const undone = db.transaction(async (tx) => {
        await tx.execute(sql.raw(end))
        await tx.update(items).set({ name: 'at once' }).where(eq(items.id, 2))
        expect(await name(2)).toBe('at once')
        tx.rollback()
      })
      await expect(undone).rejects.toThrow()
      expect(outcomes).toStrictEqual(['committed'])
      expect(await name(2)).toBe('at once')
    })
})
