import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import Database from 'better-sqlite3'
import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { expect, it } from 'vitest'

// SQLite compares two columns by the collation of the left one, which is not part of a Drizzle schema.

const users = sqliteTable('app_user', { id: integer().primaryKey(), email: text().notNull().unique() })
const posts = sqliteTable('post', { id: integer().primaryKey(), author: text().notNull() })
const schema = { users, posts }

function start() {
  const client = new Database(':memory:')
  client.exec(`CREATE TABLE app_user (id integer PRIMARY KEY, email text NOT NULL UNIQUE);
    CREATE TABLE post (id integer PRIMARY KEY, author text NOT NULL COLLATE NOCASE);
    INSERT INTO app_user VALUES (1, 'a@x'); INSERT INTO post VALUES (1, 'A@X');`)
  const cache = createCache()
  return drizzleCache(drizzle(client, { schema }), { cache, tables: { '*': { ttl: '1h' } } })
}

it('a join under a wider collation returns every row that matches a unique text key', () => {
  const db = start()
  const joined = () => db.select().from(posts).leftJoin(users, eq(posts.author, users.email)).all()
  expect(joined()).toHaveLength(1)
  expect(joined()).toHaveLength(1)
  db.insert(users).values({ id: 2, email: 'A@x' }).run()
  expect(joined()).toHaveLength(2)
})
