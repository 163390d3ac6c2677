import { randomBytes } from 'node:crypto'
import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { mariadbUrl, repeatWhenBusy } from '@larder/testing'
import { eq, sql } from 'drizzle-orm'
import { int, mysqlTable, varchar } from 'drizzle-orm/mysql-core'
import { drizzle, type MySql2Database } from 'drizzle-orm/mysql2'
import mysql from 'mysql2/promise'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'

repeatWhenBusy()

// Implicit commits in MySQL, and the outcome of failed statements. On MariaDB.

const items = mysqlTable('item', {
  id: int().primaryKey(),
  name: varchar({ length: 40 }).notNull(),
  rank: int('place').notNull(),
})
const schema = { items }

let url: URL
let admin: mysql.Connection
const open: { end(): Promise<void> }[] = []
const NAME = `larder_test_${process.pid}_${randomBytes(4).toString('hex')}`

beforeAll(async () => {
  url = new URL(await mariadbUrl())
  admin = await mysql.createConnection(url.href)
  await admin.query(`CREATE DATABASE ${NAME}`)
  await admin.query(`USE ${NAME}`)
  url.pathname = NAME
  await admin.query('CREATE TABLE item (id int PRIMARY KEY, name varchar(40) NOT NULL, place int NOT NULL)')
})
beforeEach(async () => {
  await admin.query('DELETE FROM item')
  await admin.query(`INSERT INTO item VALUES (1, 'one', 1), (2, 'two', 2), (3, 'three', 3), (4, 'four', 4)`)
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.end()))
})
afterAll(async () => {
  await admin.query(`DROP DATABASE ${NAME}`)
  await admin.end()
})

function over(db: MySql2Database<typeof schema>) {
  const cache = createCache()
  const cached = drizzleCache(db, { cache, tables: { items: { ttl: '1h' } } })
  const outcomes: string[] = []
  cache.on('write', ({ outcome }) => outcomes.push(outcome))
  const name = async (id: number): Promise<string | undefined> =>
    (await cached.select().from(items).where(eq(items.id, id)))[0]?.name
  const sourceOf = async (id: number): Promise<string> => {
    const { reads } = await cache.explain(() => name(id))
    return reads.map(({ source, reason }) => (reason ? `${source} ${reason}` : source)).join()
  }
  /** The committed value. */
  const nameInDatabase = async (id: number): Promise<string> => {
    const [rows] = await admin.query<mysql.RowDataPacket[]>('SELECT name FROM item WHERE id = ?', [id])
    return rows[0]?.name ?? 'nothing'
  }
  return { db: cached, cache, outcomes, name, sourceOf, nameInDatabase }
}

function overPool() {
  const pool = mysql.createPool({ uri: url.href, connectionLimit: 3, multipleStatements: true })
  open.push(pool)
  return over(drizzle(pool, { schema, mode: 'default' }))
}

async function overConnection() {
  const connection = await mysql.createConnection(url.href)
  open.push(connection)
  return over(drizzle(connection, { schema, mode: 'default' }) as never)
}

/** Finds the connection whose UPDATE waits for a lock. Other statements are over sooner than this. */
async function waiting(): Promise<number> {
  const [rows] = await admin.query<mysql.RowDataPacket[]>(
    `SELECT id FROM information_schema.processlist WHERE db = '${NAME}' AND info LIKE 'update%' AND time_ms > 100`,
  )
  if (!rows[0]) throw new Error('nobody waits')
  return Number(rows[0].id)
}
const soon = { timeout: 30_000, interval: 20 }

describe('implicit commits', () => {
  const COMMITTING = {
    DDL: sql.raw(`create table if not exists other_${process.pid} (id int)`),
    'failing DDL': sql`create table item (id int)`,
    'a raw BEGIN': sql`begin`,
    'a raw START TRANSACTION': sql`start transaction`,
    'a COMMIT among several statements': sql.raw('select 1; commit; begin'),
    'LOCK TABLES': sql`lock tables ${items} write`,
    'SET autocommit = 1': sql`set autocommit = 1`,
  }
  for (const [what, statement] of Object.entries(COMMITTING))
    it(`${what} commits earlier writes, which are visible immediately and survive a rollback`, async () => {
      const { db, name, nameInDatabase } = overPool()
      await name(1)
      const undone = db.transaction(async (tx) => {
        // Setting it to 1 again would commit nothing.
        if (what.startsWith('SET autocommit')) await tx.execute(sql`set autocommit = 0`)
        await tx.update(items).set({ name: 'kept' }).where(eq(items.id, 1))
        await tx.execute(statement).catch(() => {})
        if (what.startsWith('LOCK')) await tx.execute(sql`unlock tables`)
        expect(await nameInDatabase(1)).toBe('kept')
        expect(await name(1)).toBe('kept')
        tx.rollback()
      })
      await expect(undone).rejects.toThrow()
      expect(await name(1)).toBe('kept')
    })

  it('a raw update does not commit, so a later failure rolls it back', async () => {
    const { db, name, outcomes } = overPool()
    await name(1)
    const undone = db.transaction(async (tx) => {
      await tx.execute(sql`update ${items} set name = 'never' where id = 1`)
      tx.rollback()
    })
    await expect(undone).rejects.toThrow()
    expect(outcomes).toStrictEqual(['failed'])
    expect(await name(1)).toBe('one')
  })
})

describe('deadlocks', () => {
  it('writes after a caught deadlock commit by themselves and survive a failed body', async () => {
    const { db, name, nameInDatabase } = overPool()
    await name(3)
    const rival = await mysql.createConnection(url.href)
    open.push(rival)
    await rival.query('START TRANSACTION')
    // MariaDB rolls back the transaction with fewer changes.
    await rival.query('UPDATE item SET place = place + 10 WHERE id IN (2, 4)')
    const failing = db.transaction(async (tx) => {
      await tx.update(items).set({ name: 'victim' }).where(eq(items.id, 1))
      const blocked = tx.update(items).set({ name: 'victim' }).where(eq(items.id, 2)).execute()
      const rejected = expect(blocked).rejects.toMatchObject({ cause: { code: 'ER_LOCK_DEADLOCK' } })
      await vi.waitFor(waiting, soon)
      const crossing = rival.query('UPDATE item SET place = 0 WHERE id = 1')
      await rejected
      await crossing
      await tx.update(items).set({ name: 'after' }).where(eq(items.id, 3))
      expect(await nameInDatabase(3)).toBe('after')
      expect(await name(3)).toBe('after')
      tx.rollback()
    })
    await expect(failing).rejects.toThrow()
    await rival.query('COMMIT')
    expect(await name(3)).toBe('after')
    expect(await name(1)).toBe('one')
  })
})

describe('failed statements', () => {
  it('after a killed connection the rows of the statement are not served from the cache', async () => {
    const { db, outcomes, name, sourceOf } = overPool()
    await name(1)
    const holder = await mysql.createConnection(url.href)
    open.push(holder)
    await holder.query('START TRANSACTION')
    await holder.query('SELECT * FROM item WHERE id = 1 FOR UPDATE')
    const update = db.update(items).set({ name: 'killed' }).where(eq(items.id, 1)).execute()
    const rejected = expect(update).rejects.toThrow()
    const id = await vi.waitFor(waiting, soon)
    await admin.query(`KILL ${id}`)
    await rejected
    await holder.query('COMMIT')
    expect(outcomes).toStrictEqual(['unknown'])
    expect(await sourceOf(1)).toBe('database dirty')
  })

  it('a statement that the server rejects keeps cached reads', async () => {
    const { db, outcomes, name, sourceOf } = overPool()
    await name(1)
    await expect(db.insert(items).values({ id: 1, name: 'again', rank: 9 }).execute()).rejects.toThrow()
    expect(outcomes).toStrictEqual(['failed'])
    expect(await sourceOf(1)).not.toContain('dirty')
  })
})

describe('one shared connection of mysql2', () => {
  it('statements of other callers on the connection of an open transaction belong to it', async () => {
    const { db, name, sourceOf } = await overConnection()
    await name(1)
    const failing = db.transaction(async (tx) => {
      await tx.update(items).set({ name: 'never' }).where(eq(items.id, 1))
      expect(await sourceOf(1)).toBe('database transaction')
      await db.update(items).set({ name: 'never either' }).where(eq(items.id, 2))
      tx.rollback()
    })
    await expect(failing).rejects.toThrow()
    expect(await name(1)).toBe('one')
    expect(await name(2)).toBe('two')
  })

  it('the BEGIN of a second transaction commits the first, whose writes are then visible', async () => {
    const { db, name, nameInDatabase } = await overConnection()
    await name(1)
    let begun = (): void => {}
    const second = new Promise<void>((resolve) => {
      begun = resolve
    })
    const first = db.transaction(async (tx) => {
      await tx.update(items).set({ name: 'committed by another' }).where(eq(items.id, 1))
      await Promise.all([second, db.transaction(async () => begun())])
      tx.rollback()
    })
    await expect(first).rejects.toThrow()
    expect(await nameInDatabase(1)).toBe('committed by another')
    expect(await name(1)).toBe('committed by another')
  })
})
