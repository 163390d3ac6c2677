import { randomBytes } from 'node:crypto'
import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { mariadbUrl } from '@larder/testing'
import { eq } from 'drizzle-orm'
import { int, mysqlTable, tinyint, varchar } from 'drizzle-orm/mysql-core'
import { drizzle } from 'drizzle-orm/mysql2'
import mysql from 'mysql2/promise'
import { afterAll, beforeAll, expect, it } from 'vitest'

// INSERT IGNORE adjusts invalid values instead of rejecting them.

const items = mysqlTable('item', {
  id: int().primaryKey(),
  kind: tinyint().notNull(),
  code: varchar({ length: 3 }).notNull(),
})

let pool: mysql.Pool
const database = `larder_test_${process.pid}_${randomBytes(4).toString('hex')}`
beforeAll(async () => {
  const url = new URL(await mariadbUrl())
  pool = mysql.createPool({ uri: url.href, connectionLimit: 4 })
  await pool.query(`CREATE DATABASE ${database} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci`)
  await pool.query(
    `CREATE TABLE ${database}.item (id int PRIMARY KEY, kind tinyint NOT NULL, code varchar(3) NOT NULL)`,
  )
  url.pathname = database
  await pool.end()
  pool = mysql.createPool({ uri: url.href, connectionLimit: 4 })
})
afterAll(async () => {
  await pool.query(`DROP DATABASE ${database}`)
  await pool.end()
})

it('INSERT IGNORE invalidates reads of a clamped number and of a truncated text', async () => {
  const plain = drizzle(pool)
  const db = drizzleCache(drizzle(pool), {
    cache: createCache(),
    schema: { items },
    collation: 'utf8mb4_general_ci',
    tables: { items: { ttl: '1h', lookupKeys: [['kind'], ['code']] } },
  })
  const reads = [
    (on: typeof plain) => on.select().from(items).where(eq(items.kind, 127)),
    (on: typeof plain) => on.select().from(items).where(eq(items.code, 'abc')),
  ]
  for (const read of reads) expect(await read(db)).toEqual([])
  await db.insert(items).ignore().values({ id: 1, kind: 300, code: 'abcdef' })
  for (const read of reads) {
    expect(await read(plain)).toHaveLength(1)
    expect(await read(db)).toEqual(await read(plain))
  }
})
