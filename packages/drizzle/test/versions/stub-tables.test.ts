import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { createDatabase, type Database, postgresUrl } from '@larder/testing'
import { asc, eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

// A second definition of a table with only its key, for a foreign key. Schemas that are split into modules have these.

const stub = pgTable('app_user', { id: integer().primaryKey() })
const users = pgTable('app_user', { id: integer().primaryKey(), firstName: text().notNull() })
const posts = pgTable('blog_post', {
  id: integer().primaryKey(),
  postTitle: text().notNull(),
  authorId: integer().references(() => stub.id),
})

let database: Database
let pool: pg.Pool
beforeAll(async () => {
  database = await createDatabase(await postgresUrl())
  pool = new pg.Pool({ connectionString: database.url })
  await pool.query('create table app_user (id int primary key, first_name text not null)')
  await pool.query('create table blog_post (id int primary key, post_title text not null, author_id int)')
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})
beforeEach(async () => {
  await pool.query('delete from blog_post; delete from app_user')
  await pool.query(`insert into app_user values (1, 'one'), (2, 'two')`)
  await pool.query(`insert into blog_post values (1, 'first', 1), (2, 'second', 2)`)
})

describe.each([
  ['the schema leaves out', { users, posts }],
  ['comes first in the schema', { stub, users, posts }],
  ['comes last in the schema', { users, posts, stub }],
])('a partial second definition of a table that %s', (_, schema) => {
  const start = () => {
    const plain = drizzle(pool, { casing: 'snake_case' })
    const tables = { '*': { ttl: '1h' } } as const
    return { plain, db: drizzleCache(plain, { cache: createCache(), schema, tables }) }
  }
  type Db = ReturnType<typeof start>['db']
  const joined = (db: Db) =>
    db
      .select({ title: posts.postTitle, name: users.firstName })
      .from(posts)
      .leftJoin(users, eq(users.id, posts.authorId))
      .orderBy(asc(posts.id))

  it('the db that was passed in can still read the whole table', async () => {
    const { plain } = start()
    expect(await plain.select().from(users).where(eq(users.id, 1))).toEqual([{ id: 1, firstName: 'one' }])
    expect(await joined(plain)).toHaveLength(2)
  })

  it('the wrapped db sees every column, whichever definition it reads first', async () => {
    const { db } = start()
    expect(await db.select().from(stub).where(eq(stub.id, 1))).toEqual([{ id: 1 }])
    expect(await db.select().from(users).where(eq(users.id, 1))).toEqual([{ id: 1, firstName: 'one' }])
    expect(await joined(db)).toEqual([
      { title: 'first', name: 'one' },
      { title: 'second', name: 'two' },
    ])
  })

  it('reads of both definitions are invalidated', async () => {
    const { db } = start()
    const reads = [
      () => db.select().from(users).orderBy(asc(users.id)),
      () => db.select().from(users).where(eq(users.id, 1)),
      () => db.select().from(stub).orderBy(asc(stub.id)),
      () => joined(db),
    ]
    for (const read of reads) await read()
    await db.update(users).set({ firstName: 'changed' }).where(eq(users.id, 1))
    await db
      .insert(stub)
      .values({ id: 3 })
      .onConflictDoNothing()
      .catch(() => undefined)
    await db.insert(users).values({ id: 4, firstName: 'four' })
    const plain = drizzle(pool, { casing: 'snake_case' })
    expect(await reads[0]?.()).toEqual(await plain.select().from(users).orderBy(asc(users.id)))
    expect(await reads[1]?.()).toEqual([{ id: 1, firstName: 'changed' }])
    expect(await reads[2]?.()).toEqual([{ id: 1 }, { id: 2 }, { id: 4 }])
    expect(await joined(db)).toMatchObject([{ name: 'changed' }, { name: 'two' }])
  })
})
