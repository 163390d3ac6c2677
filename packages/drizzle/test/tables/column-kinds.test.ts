import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { createDatabase, type Database, postgresUrl } from '@larder/testing'
import { eq, sql } from 'drizzle-orm'
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import {
  type AnyPgColumn,
  bigint,
  char,
  customType,
  integer,
  interval,
  numeric,
  pgEnum,
  pgTable,
  point,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

// Columns whose values are created by Drizzle, the database or the user's code.

const bytes = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'bytea' })
const vector = customType<{ data: number[]; driverData: string }>({
  dataType: () => 'text',
  toDriver: (value) => `[${value.join()}]`,
  fromDriver: (value) => JSON.parse(value) as number[],
})
const colour = pgEnum('colour', ['red', 'green'])
let count = 0

const parts = pgTable(
  'part',
  {
    id: integer()
      .primaryKey()
      .$defaultFn(() => 100 + ++count),
    title: text().notNull(),
    slug: text().generatedAlwaysAs(sql`lower(title)`),
    stamp: integer()
      .notNull()
      .$onUpdateFn(() => ++count),
    code: char({ length: 6 }),
    parent: integer()
      .default(1)
      .references((): AnyPgColumn => parts.id, { onDelete: 'set default' }),
  },
  (table) => [uniqueIndex().on(table.slug), uniqueIndex().on(table.stamp), uniqueIndex().on(table.code)],
)
const kinds = pgTable('kind', {
  id: integer().primaryKey(),
  bytes: bytes(),
  vector: vector(),
  colours: colour().array(),
  span: interval(),
  place: point(),
  spot: point({ mode: 'xy' }),
  huge: numeric({ mode: 'bigint' }),
  real: numeric({ mode: 'number' }),
  small: bigint({ mode: 'number' }),
  moments: timestamp({ withTimezone: true }).array(),
})

const cache = createCache()
let database: Database
let pool: pg.Pool
let plain: NodePgDatabase
let db: NodePgDatabase
beforeAll(async () => {
  database = await createDatabase(await postgresUrl())
  pool = new pg.Pool({ connectionString: database.url })
  await pool.query(`CREATE TYPE colour AS ENUM ('red', 'green');
    CREATE TABLE part (id integer PRIMARY KEY, title text NOT NULL, slug text GENERATED ALWAYS AS (lower(title)) STORED UNIQUE,
      stamp integer NOT NULL UNIQUE, code char(6) UNIQUE, parent integer DEFAULT 1 REFERENCES part ON DELETE SET DEFAULT);
    CREATE TABLE kind (id integer PRIMARY KEY, bytes bytea, vector text, colours colour[], span interval, place point, spot point,
      huge numeric, "real" numeric, small bigint, moments timestamptz[])`)
  plain = drizzle(pool)
  db = drizzleCache(plain, { cache, schema: { parts, kinds }, tables: { '*': { ttl: '1h' } } })
})
afterAll(async () => {
  await cache.close()
  await pool.end()
  await database.drop()
})
beforeEach(async () => {
  await pool.query(`TRUNCATE part, kind; INSERT INTO part (id, title, stamp, code, parent) VALUES
    (1, 'One', 1, 'a', NULL), (2, 'Two', 2, 'b', 1), (3, 'Three', 3, 'c', 2)`)
  count = 10
  await cache.invalidate({ all: true })
})

type Read = (on: NodePgDatabase) => PromiseLike<unknown>
const READS: readonly Read[] = [
  ...[1, 2, 3, 111].map(
    (id): Read =>
      (on) =>
        on.select().from(parts).where(eq(parts.id, id)),
  ),
  ...['one', 'two', 'new'].map(
    (slug): Read =>
      (on) =>
        on.select().from(parts).where(eq(parts.slug, slug)),
  ),
  ...[1, 2, 11].map(
    (stamp): Read =>
      (on) =>
        on.select().from(parts).where(eq(parts.stamp, stamp)),
  ),
  ...['a', 'b   ', 'd'].map(
    (code): Read =>
      (on) =>
        on.select().from(parts).where(eq(parts.code, code)),
  ),
  ...[1, 2].map(
    (parent): Read =>
      (on) =>
        on.select().from(parts).where(eq(parts.parent, parent)).orderBy(parts.id),
  ),
]

describe('writes leave no stale read', () => {
  const WRITES: Readonly<Record<string, () => PromiseLike<unknown>>> = {
    'an insert with a key from $defaultFn': () => db.insert(parts).values({ title: 'New', parent: 2 }),
    'an insert with a key from $defaultFn, returning': () =>
      db.insert(parts).values({ title: 'New' }).returning({ title: parts.title }),
    'an update with a value from $onUpdateFn': () =>
      db.update(parts).set({ parent: null }).where(eq(parts.slug, 'two')),
    'an update that changes a generated key': () =>
      db.update(parts).set({ title: 'New' }).where(eq(parts.id, 1)),
    'an update that changes a generated key, returning': () =>
      db.update(parts).set({ title: 'New' }).where(eq(parts.slug, 'one')).returning(),
    'an update by char(n), with or without trailing spaces': () =>
      db.update(parts).set({ code: 'd' }).where(eq(parts.code, 'b')),
    'a delete that sets a default': () => db.delete(parts).where(eq(parts.id, 2)),
    'an upsert on a generated key': () =>
      db
        .insert(parts)
        .values({ id: 9, title: 'ONE', code: 'z' })
        .onConflictDoUpdate({ target: parts.slug, set: { parent: 2 } }),
  }
  it.each(Object.entries(WRITES))('%s', async (_, write) => {
    for (const read of READS) await read(db)
    await write()
    for (const read of READS) expect(await read(db)).toStrictEqual(await read(plain))
  })
})

it('a hit returns custom types, bytes, points, intervals and lists as the database does', async () => {
  await plain.insert(kinds).values({
    id: 1,
    bytes: new Uint8Array([0, 255, 128]),
    vector: [1, 2.5],
    colours: ['red', 'green'],
    span: '1 mon 2 days',
    place: [1.5, -2],
    spot: { x: 1, y: 2 },
    huge: 123_456_789_012_345_678_901_234_567_890n,
    real: 1.25,
    small: 9_007_199_254_740_991,
    moments: [new Date(0)],
  })
  await plain.insert(kinds).values({ id: 2 })
  const read: Read = (on) => on.select().from(kinds).orderBy(kinds.id)
  const expected = await read(plain)
  expect(await read(db)).toStrictEqual(expected)
  expect(await read(db)).toStrictEqual(expected)
  expect(cache.stats().models.kinds).toMatchObject({ hits: 1 })
})

describe('a statement that contains a lock is sent every time', () => {
  const locked = (on: NodePgDatabase) =>
    on.select({ id: parts.id }).from(parts).where(eq(parts.id, 1)).for('update')
  const LOCKS: Readonly<Record<string, Read>> = {
    'in a derived table': (on) => {
      const inner = locked(on).as('inner')
      return on.select({ id: inner.id }).from(inner)
    },
    'in a CTE': (on) => {
      const cte = on.$with('cte').as(locked(on))
      return on.with(cte).select().from(cte)
    },
    'as raw SQL': (on) => on.select().from(parts).where(sql`true for share`),
  }
  it.each(Object.entries(LOCKS))('%s', async (_, read) => {
    await read(db)
    const { reads } = await cache.explain(async () => await read(db))
    expect(reads).toMatchObject([{ source: 'database', reason: 'lock' }])
  })
})
