import { randomBytes } from 'node:crypto'
import { type Cache, createCache } from '@larder/core'
import { systemClock } from '@larder/core/host'
import { drizzleCache } from '@larder/drizzle'
import { absentParser, mariadbUrl, sized } from '@larder/testing'
import { and, eq, gt, sql } from 'drizzle-orm'
import { type AnyMySqlColumn, int, mysqlTable, timestamp, unique, varchar } from 'drizzle-orm/mysql-core'
import { drizzle, type MySql2Database } from 'drizzle-orm/mysql2'
import mysql from 'mysql2/promise'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

// What MySQL reports about the rows a statement changed, and less obvious rows that it changes. On MariaDB.

const parts = mysqlTable(
  'part',
  {
    id: int().primaryKey().autoincrement(),
    code: int().notNull().unique(),
    shelf: int().notNull(),
    place: int().notNull(),
    count: int().notNull().default(0),
    parent: int().references((): AnyMySqlColumn => parts.id, { onDelete: 'cascade' }),
    name: varchar({ length: 40 }),
    touched: timestamp({ mode: 'string' }).notNull().defaultNow().onUpdateNow(),
  },
  (table) => [unique().on(table.shelf, table.place)],
)
const schema = { parts }
type Db = MySql2Database<typeof schema>

const NAME = `larder_test_${process.pid}_${randomBytes(4).toString('hex')}`
let admin: mysql.Connection
let pool: mysql.Pool
let plain: Db
let db: Db
let cache: Cache
beforeAll(async () => {
  const url = new URL(await mariadbUrl())
  admin = await mysql.createConnection(url.href)
  await admin.query(`CREATE DATABASE ${NAME}`)
  await admin.query(`USE ${NAME}`)
  await admin.query(`CREATE TABLE part (id int PRIMARY KEY AUTO_INCREMENT, code int NOT NULL UNIQUE, shelf int NOT NULL, place int NOT NULL,
    count int NOT NULL DEFAULT 0, parent int, name varchar(40), touched timestamp NOT NULL DEFAULT current_timestamp ON UPDATE current_timestamp,
    UNIQUE (shelf, place), FOREIGN KEY (parent) REFERENCES part (id) ON DELETE CASCADE)`)
  url.pathname = NAME
  pool = mysql.createPool({ uri: url.href, connectionLimit: 3, multipleStatements: true })
  plain = drizzle(pool, { schema, mode: 'planetscale' })
})
afterAll(async () => {
  await pool.end()
  await admin.query(`DROP DATABASE ${NAME}`)
  await admin.end()
})
beforeEach(async () => {
  await admin.query('DELETE FROM part ORDER BY id DESC')
  await admin.query(`INSERT INTO part (id, code, shelf, place, count, parent, name, touched) VALUES
    (1, 10, 1, 1, 5, NULL, 'one', '2020-01-01'), (2, 20, 1, 2, 5, 1, 'two', '2020-01-01'), (3, 30, 2, 1, 5, 2, 'three', '2020-01-01'),
    (4, 40, 2, 2, 5, NULL, NULL, '2020-01-01')`)
  // Tests with the parser are in raw-parser.test.ts.
  cache = createCache({}, { clock: systemClock, sqlParser: absentParser })
  db = drizzleCache(plain, { cache, tables: { parts: { ttl: '1h' } } })
})

type Read = (on: Db) => PromiseLike<unknown>
const where =
  (condition: ReturnType<typeof eq> | undefined): Read =>
  (on) =>
    on.select().from(parts).where(condition).orderBy(parts.id)
const READS: readonly Read[] = [
  ...[1, 2, 3, 4, 5, 9].map((id) => where(eq(parts.id, id))),
  ...[10, 20, 30, 40, 50, 99].map((code) => where(eq(parts.code, code))),
  ...[1, 2, 3].map((shelf) => where(eq(parts.shelf, shelf))),
  ...[1, 2].flatMap((shelf) =>
    [1, 2, 3].map((place) => where(and(eq(parts.shelf, shelf), eq(parts.place, place)))),
  ),
  ...[1, 2].map((parent) => where(eq(parts.parent, parent))),
  where(gt(parts.count, 5)),
  (on) => on.$count(parts),
  (on) => on.query.parts.findMany({ where: eq(parts.count, 5), orderBy: parts.id }),
]

async function expectFreshAfter(write: () => PromiseLike<unknown>): Promise<void> {
  for (const read of READS) await read(db)
  await write()
  for (const read of READS) expect(await read(db)).toStrictEqual(await read(plain))
}

const row = { shelf: 9, place: 9 }
const onDuplicate = (values: Partial<typeof parts.$inferInsert>, set: object) => () =>
  db
    .insert(parts)
    .values({ code: 99, ...row, ...values })
    .onDuplicateKeyUpdate({ set })

describe('writes leave no stale read', () => {
  const WRITES: Readonly<Record<string, () => PromiseLike<unknown>>> = {
    'an update that matches and changes nothing': () =>
      db.update(parts).set({ count: 5 }).where(eq(parts.id, 1)),
    'an update that changes some of what it matches': () =>
      db.update(parts).set({ count: 6, name: 'one' }).where(eq(parts.shelf, 1)),
    'an update with ON UPDATE CURRENT_TIMESTAMP': () =>
      db.update(parts).set({ name: 'new' }).where(eq(parts.code, 10)),
    'an update with ORDER BY and LIMIT': () =>
      db.update(parts).set({ count: 9 }).where(eq(parts.shelf, 1)).orderBy(parts.place).limit(1),
    'a delete with ORDER BY and LIMIT': () =>
      db.delete(parts).where(eq(parts.shelf, 2)).orderBy(parts.place).limit(1),
    'a delete that cascades twice in its own table': () => db.delete(parts).where(eq(parts.id, 1)),
    'ON DUPLICATE KEY with a conflict on the primary key': onDuplicate({ id: 2 }, { count: 8 }),
    'ON DUPLICATE KEY with a conflict on a unique key that is not in the statement': onDuplicate(
      { id: 9, code: 30 },
      { count: 8 },
    ),
    'ON DUPLICATE KEY with a conflict on a composite key': onDuplicate(
      { shelf: 1, place: 2 },
      { shelf: 2, place: 3 },
    ),
    'ON DUPLICATE KEY with two conflicting rows, of which one changes': onDuplicate(
      { id: 1, code: 40 },
      { count: 8 },
    ),
    'ON DUPLICATE KEY without a conflict': onDuplicate({ id: 9 }, { count: 8 }),
    'ON DUPLICATE KEY that changes nothing': onDuplicate({ id: 2 }, { count: 5 }),
    'ON DUPLICATE KEY with the values of the insert': onDuplicate(
      { id: 9, code: 20, count: 30 },
      { count: sql`values(count)`, code: sql`code + 30` },
    ),
    'ON DUPLICATE KEY of several rows': () =>
      db
        .insert(parts)
        .values([
          { id: 2, code: 98, shelf: 8, place: 8 },
          { id: 9, code: 99, ...row },
        ])
        .onDuplicateKeyUpdate({ set: { shelf: 3 } }),
    'INSERT IGNORE that ignores one row of two': () =>
      db
        .insert(parts)
        .ignore()
        .values([
          { code: 10, shelf: 7, place: 7 },
          { code: 50, shelf: 7, place: 8 },
        ]),
    'REPLACE that deletes two rows and cascades': () =>
      db.execute(sql`replace into ${parts} (id, code, shelf, place) values (1, 40, 9, 9)`),
    'REPLACE as text': () => db.execute(`replace into part (id, code, shelf, place) values (2, 20, 3, 3)`),
    'REPLACE from a select': () =>
      db.execute(
        sql`replace into ${parts} (id, code, shelf, place) select id, code + 1, shelf, place from ${parts}`,
      ),
    'several statements in one text': () =>
      db.execute(`update part set count = 7 where id = 1; delete from part where id = 4`),
    'an iterated write': async () => {
      for await (const _ of db.update(parts).set({ count: 7, code: 50 }).where(eq(parts.id, 1)).iterator());
    },
    'a prepared write': async () => {
      const update = db
        .update(parts)
        .set({ count: 7 })
        .where(eq(parts.id, sql.placeholder('id')))
        .prepare()
      for await (const _ of update.iterator({ id: 2 }));
    },
  }
  it.each(Object.entries(WRITES))('%s', (_, write) => expectFreshAfter(write))
  // What a write changes is known by its statement, in a transaction or not: a short run takes every third.
  const inTransaction = Object.entries(WRITES).filter((_, at) => sized(at % 3 === 1, true))
  it.each(inTransaction)('%s, in a transaction', async (_, write) => {
    const outside = db
    await expectFreshAfter(() =>
      outside.transaction(async (tx) => {
        db = tx as never
        await Promise.resolve(write()).finally(() => {
          db = outside
        })
      }),
    )
  })
})

it('an update without an effect reports matched rows as affectedRows and changed rows as changedRows', async () => {
  const header = (result: unknown) => (result as readonly [mysql.ResultSetHeader])[0]
  const update = () => db.update(parts).set({ count: 6 }).where(eq(parts.shelf, 1))
  expect(header(await update())).toMatchObject({ affectedRows: 2, changedRows: 2 })
  expect(header(await update())).toMatchObject({ affectedRows: 2, changedRows: 0 })
  const upsert = onDuplicate({ id: 2 }, { count: 8 })
  expect(header(await upsert())).toMatchObject({ affectedRows: 2 })
  expect(header(await onDuplicate({ id: 9 }, { count: 8 })())).toMatchObject({ affectedRows: 1, insertId: 9 })
})

describe('iterators of mysql2', () => {
  const rows = async (from: AsyncIterable<unknown>): Promise<readonly unknown[]> => {
    const all: unknown[] = []
    for await (const row of from) all.push(row)
    return all
  }
  const query = (on: Db) => on.select().from(parts).where(eq(parts.shelf, 1)).orderBy(parts.id)

  it('an iterated read goes to the database even if the query is cached, and caches nothing', async () => {
    expect(await rows(query(db).iterator())).toStrictEqual(await query(plain))
    await query(db)
    await admin.query('UPDATE part SET count = 6')
    expect(await rows(query(db).iterator())).toStrictEqual(await query(plain))
    const { reads } = await cache.explain(() => query(db))
    expect(reads).toMatchObject([{ source: 'memory' }])
  })

  it('an iterated write yields what Drizzle yields, and a rejected one keeps all cached reads', async () => {
    const insert = (on: Db, id: number) =>
      on
        .insert(parts)
        .values({ id, code: id, ...row, place: id })
        .iterator()
    const [ours] = await rows(insert(db, 101))
    const [theirs] = await rows(insert(plain, 102))
    expect(ours).toMatchObject({ affectedRows: 1, insertId: 101 })
    expect(Object.keys(ours as object)).toEqual(Object.keys(theirs as object))
    const outcomes: string[] = []
    cache.on('write', ({ outcome }) => outcomes.push(outcome))
    await expect(rows(insert(db, 101))).rejects.toThrow()
    expect(outcomes).toEqual(['failed'])
  })

  it('an iterated read inside a computed value keeps that from being stored', async () => {
    const load = async () => rows(db.select().from(parts).iterator())
    for (let time = 0; time < 2; time++) {
      const { reads } = await cache.explain(() => cache.wrap('iterated', { ttl: '1h' }, load))
      expect(reads).toMatchObject([{ operation: 'wrap', source: 'database', reason: 'opaque' }])
    }
  })

  it('an iterator of a prepared query accepts placeholder values', async () => {
    const prepared = db
      .select()
      .from(parts)
      .where(eq(parts.id, sql.placeholder('id')))
      .prepare()
    expect(await rows(prepared.iterator({ id: 2 }))).toMatchObject([{ name: 'two' }])
    expect(await rows(prepared.iterator({ id: 3 }))).toMatchObject([{ name: 'three' }])
  })
})
