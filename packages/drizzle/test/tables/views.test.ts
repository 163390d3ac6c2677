import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { createDatabase, type Database, postgresUrl, repeatWhenBusy } from '@larder/testing'
import { eq, gt, sql } from 'drizzle-orm'
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import { integer, type PgColumn, pgTable, pgView, text } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

repeatWhenBusy()

const users = pgTable('person', { id: integer().primaryKey(), name: text().notNull() })
const posts = pgTable('article', {
  id: integer().primaryKey(),
  title: text().notNull(),
  writer: integer()
    .notNull()
    .references(() => users.id),
  at: integer().notNull(),
})

// The sources of a view are taken from its declaration. Each of these views is created from it.
const shape = { id: integer(), text: text() }
const built = pgView('built').as((qb) =>
  qb
    .select({ id: posts.id, text: sql<string>`${users.name}`.as('text') })
    .from(posts)
    .innerJoin(users, eq(users.id, posts.writer))
    .where(gt(posts.id, 0)),
)
const cte = pgView('cte').as((qb) => {
  const all = qb.$with('all_people').as(qb.select({ id: users.id, name: users.name }).from(users))
  return qb
    .with(all)
    .select({ id: all.id, text: sql<string>`${all.name} || '!'`.as('text') })
    .from(all)
})
const raw = pgView('raw', shape).as(
  sql`select ${posts.id} as id, u.name as text from ${posts} join ${users} as u on u.id = ${posts.writer} and ${posts.id} is distinct from ${posts.at}`,
)
const listed = pgView('listed', shape).as(
  sql`select p.id, u.name as text from ${posts} p, lateral (select * from ${users}) u where u.id = p.writer`,
)
const over = pgView('over_raw').as((qb) => qb.select({ id: raw.id, text: raw.text }).from(raw))

const comma = pgView('comma', shape).as(
  sql`select p.id, u.name as text from ${posts} p, person u where u.id = p.writer`,
)
const commaAfterOn = pgView('comma_after_on', shape).as(
  sql`select p.id, u.name as text from ${posts} p join ${posts} q on p.id = q.id, person u where u.id = p.writer`,
)
const parenthesis = pgView('parenthesis', shape).as(
  sql`select p.id, u.name as text from (${posts} p join person u on u.id = p.writer)`,
)
const foreign = pgView('other_name', shape).as(
  sql`select p.id, u.name as text from ${posts} p join ${sql.identifier('person_too')} u on u.id = p.writer`,
)
const clock = pgView('clock', shape).as(
  sql`select p.id, p.title as text from ${posts} p where to_timestamp(p.at) <= clock_timestamp()`,
)
const overClock = pgView('over_clock').as((qb) => qb.select({ id: clock.id, text: clock.text }).from(clock))

const SEEN = { built, cte, raw, listed, over }
const BLIND = { comma, commaAfterOn, parenthesis, foreign, clock, overClock }
const views = { ...SEEN, ...BLIND }
type AnyView = typeof raw

const cache = createCache()
let database: Database
let pool: pg.Pool
let plain: NodePgDatabase
let db: NodePgDatabase

beforeAll(async () => {
  database = await createDatabase(await postgresUrl())
  pool = new pg.Pool({ connectionString: database.url })
  await pool.query(`CREATE TABLE person (id integer PRIMARY KEY, name text NOT NULL);
    CREATE TABLE article (id integer PRIMARY KEY, title text NOT NULL, writer integer NOT NULL REFERENCES person, at integer NOT NULL);
    CREATE VIEW person_too AS SELECT * FROM person`)
  plain = drizzle(pool)
  for (const view of Object.values(views)) {
    const { name, query } = (view as unknown as { [key: symbol]: { name: string; query: never } })[
      Symbol.for('drizzle:ViewBaseConfig')
    ] as { name: string; query: never }
    await plain.execute(sql`create view ${sql.identifier(name)} as ${sql`${query}`.inlineParams()}`)
  }
  const schema = { users, posts, ...views }
  db = drizzleCache(plain, { cache, schema, tables: { '*': { ttl: '1h' } } })
})
afterAll(async () => {
  await cache.close()
  await pool.end()
  await database.drop()
})
beforeEach(async () => {
  await pool.query(
    `TRUNCATE person CASCADE; INSERT INTO person VALUES (1, 'Ann'); INSERT INTO article VALUES (1, 'one', 1, 0)`,
  )
  await cache.invalidate({ all: true })
})

async function sourceOf(read: () => PromiseLike<unknown>): Promise<string> {
  const { reads } = await cache.explain(async () => await read())
  return reads.map(({ source, reason }) => (reason ? `${source} ${reason}` : source)).join()
}

function readOf(view: object): (on: NodePgDatabase) => PromiseLike<unknown> {
  const { id, text: shown } = view as unknown as { id: PgColumn; text: PgColumn }
  return (on) =>
    on
      .select({ id, shown })
      .from(view as AnyView)
      .orderBy(id)
}

describe('views with declared or derived sources', () => {
  it.each(Object.entries(SEEN))(
    '%s is cached, and a write to any of its tables invalidates it',
    async (_, view) => {
      const read = readOf(view)
      await read(db)
      expect(await sourceOf(() => read(db))).toBe('memory')
      await db.update(users).set({ name: 'Eve' }).where(eq(users.id, 1))
      expect(await read(db)).toStrictEqual(await read(plain))
    },
  )
})

describe('views with unknown sources or volatile results', () => {
  it.each(Object.entries(BLIND))('%s is never cached', async (_, view) => {
    const read = readOf(view)
    await read(db)
    expect(await sourceOf(() => read(db))).toBe('database opaque')
    await db.update(users).set({ name: 'Eve' }).where(eq(users.id, 1))
    expect(await read(db)).toStrictEqual(await read(plain))
  })

  it('a row that enters a view because time has passed is visible', async () => {
    const soon = Math.ceil(Date.now() / 1_000) + 1
    await db.insert(posts).values({ id: 2, title: 'soon', writer: 1, at: soon })
    const read = readOf(overClock)
    expect(await read(db)).toHaveLength(1)
    await expect.poll(async () => await read(db)).toHaveLength(2)
  })
})
