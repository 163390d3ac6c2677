import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { createDatabase, type Database, postgresUrl } from '@larder/testing'
import { aliasedTable, and, eq, ne, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgSchema, pgTable, text } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

// Two database schemas have a table of one name. Tags carry the bare name, so both tables share them.

const things = pgTable('thing', { id: integer().primaryKey(), name: text().notNull().unique() })
const archive = pgSchema('archive')
const oldThings = archive.table('thing', {
  id: integer().primaryKey(),
  name: text().notNull(),
  thing: integer().references(() => things.id, { onDelete: 'cascade' }),
})
const newThings = pgSchema('current').table('thing', { id: integer().primaryKey() })
const notes = pgTable('note', {
  id: integer().primaryKey(),
  old: integer().references(() => oldThings.id, { onDelete: 'cascade', onUpdate: 'cascade' }),
  text: text(),
})
const schema = { things, oldThings, newThings, notes }

let database: Database
let pool: pg.Pool

beforeAll(async () => {
  database = await createDatabase(await postgresUrl())
  pool = new pg.Pool({ connectionString: database.url, max: 3 })
  pool.on('error', () => {})
  await pool.query('CREATE SCHEMA archive')
  await pool.query('CREATE TABLE thing (id integer PRIMARY KEY, name text NOT NULL UNIQUE)')
  await pool.query(`CREATE TABLE archive.thing (id integer PRIMARY KEY, name text NOT NULL,
    thing integer REFERENCES thing (id) ON DELETE CASCADE)`)
  await pool.query('CREATE SCHEMA current')
  await pool.query('CREATE TABLE current.thing (id integer PRIMARY KEY)')
  await pool.query(`CREATE TABLE note (id integer PRIMARY KEY,
    old integer REFERENCES archive.thing (id) ON DELETE CASCADE ON UPDATE CASCADE, text text)`)
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})
beforeEach(async () => {
  await pool.query('DELETE FROM thing')
  await pool.query('DELETE FROM note')
  await pool.query('DELETE FROM archive.thing')
  await pool.query(`INSERT INTO thing VALUES (1, 'new 1'), (2, 'new 2')`)
  await pool.query(`INSERT INTO archive.thing VALUES (1, 'old 1', 2), (2, 'old 2', NULL)`)
  await pool.query('INSERT INTO current.thing VALUES (1) ON CONFLICT DO NOTHING')
  await pool.query(`INSERT INTO note VALUES (1, 1, 'one'), (2, 2, 'two')`)
})

describe('two schemas with a table of the same name', () => {
  const start = () => {
    const plain = drizzle(pool, { schema })
    const cache = createCache()
    return { plain, cache, db: drizzleCache(plain, { cache, tables: { '*': { ttl: '1h' } } }) }
  }
  type Db = ReturnType<typeof start>['db']
  const READS: readonly ((db: Db) => PromiseLike<unknown>)[] = [
    ...[1, 2, 3].map((id) => (db: Db) => db.select().from(things).where(eq(things.id, id))),
    ...[1, 2, 3].map((id) => (db: Db) => db.select().from(oldThings).where(eq(oldThings.id, id))),
    (db) => db.select().from(things).where(eq(things.name, 'new 1')),
    (db) => db.select().from(oldThings).where(eq(oldThings.thing, 2)),
    (db) => db.$count(oldThings),
    (db) => db.select().from(notes).where(eq(notes.old, 2)),
    // A join of both tables. The ids of one say nothing about rows of the other.
    (db) =>
      db
        .select({ text: notes.text })
        .from(newThings)
        .innerJoin(oldThings, ne(oldThings.id, newThings.id))
        .innerJoin(notes, eq(notes.old, oldThings.id))
        .where(eq(newThings.id, 1)),
    (db) => {
      const old = aliasedTable(oldThings, 'old')
      return db.select().from(things).innerJoin(old, eq(old.thing, things.id)).where(eq(things.id, 2))
    },
  ]
  const WRITES: Readonly<Record<string, (db: Db) => PromiseLike<unknown>>> = {
    'an update of one table': (db) => db.update(things).set({ name: 'x' }).where(eq(things.id, 1)),
    'an update of the other table': (db) =>
      db.update(oldThings).set({ name: 'y', thing: 1 }).where(eq(oldThings.id, 1)).returning(),
    'a delete that cascades from one table to the other': (db) => db.delete(things).where(eq(things.id, 2)),
    'an insert into the other table': (db) => db.insert(oldThings).values({ id: 3, name: 'z', thing: 2 }),
    'raw SQL on the other table': (db) => db.execute(sql`update ${oldThings} set name = 'raw' where id = 2`),
    'an upsert into the other table': (db) =>
      db
        .insert(oldThings)
        .values({ id: 2, name: 'again' })
        .onConflictDoUpdate({ target: oldThings.id, set: { name: 'again' } }),
    'an update of a row that refers to the other table': (db) =>
      db.update(notes).set({ text: 'new' }).where(eq(notes.old, 2)),
    'an update from one table of a cascading key in the other': (db) =>
      db
        .update(oldThings)
        .set({ id: 20 })
        .from(newThings)
        .where(and(eq(newThings.id, 1), ne(oldThings.id, newThings.id))),
    'an invalidation of the other table': (db) => db.$cache.invalidate({ tables: oldThings }),
  }
  for (const [name, write] of Object.entries(WRITES))
    it(`${name} leaves no stale read of either`, async () => {
      const { db, plain } = start()
      for (const read of READS) await read(db)
      await write(db)
      for (const read of READS) expect(await read(db)).toStrictEqual(await read(plain))
    })

  it('share no entries', async () => {
    const { db, cache } = start()
    expect(await db.select({ name: things.name }).from(things).where(eq(things.id, 1))).toStrictEqual([
      { name: 'new 1' },
    ])
    expect(
      await db.select({ name: oldThings.name }).from(oldThings).where(eq(oldThings.id, 1)),
    ).toStrictEqual([{ name: 'old 1' }])
    expect(cache.stats().hits).toBe(0)
  })
})
