import { createDatabase, mariadbUrl, postgresUrl } from '@larder/testing'
import SqliteDatabase from 'better-sqlite3'
import mysql from 'mysql2/promise'
import { Client } from 'pg'
import { expect, it } from 'vitest'
import type { SqlDialect } from '../../src/sql/dialect.ts'
import { scanSql } from '../../src/sql/scan.ts'

// Asked of real servers: whatever a text is said to do, its rows before and after are compared.

/** `in`: in a transaction, where the server wants one. */
type Row = readonly [text: string, changes: boolean, where?: 'in']

const POSTGRES: readonly Row[] = [
  ['LOCK TABLE item IN SHARE UPDATE EXCLUSIVE MODE', false, 'in'],
  ['LOCK item', false, 'in'],
  ['LISTEN news', false],
  ["NOTIFY news, 'update'", false],
  ['UNLISTEN *', false],
  ['VACUUM (TRUNCATE false, ANALYZE) item', false],
  ['ANALYZE item', false],
  ['REINDEX TABLE item', false],
  ['CLUSTER item USING item_pkey', false],
  ['CHECKPOINT', false],
  ['PREPARE remove AS DELETE FROM item WHERE id = 1', false],
  ['EXECUTE remove', true],
  ['DEALLOCATE remove', false],
  ["COMMENT ON TABLE item IS 'delete from item'", false],
  ['DECLARE c CURSOR FOR SELECT * FROM item', false, 'in'],
  ['EXPLAIN DELETE FROM item', false],
  ['EXPLAIN VERBOSE UPDATE item SET n = n + 1', false],
  ['EXPLAIN ANALYZE DELETE FROM item WHERE id = 2', true],
  ['EXPLAIN (ANALYZE) UPDATE item SET n = n + 1', true],
  ['EXPLAIN ("analyze") UPDATE item SET n = n + 1', true],
  ['TABLE item', false],
  ['SHOW search_path', false],
  ["SET application_name = 'update'", false],
  ['GRANT SELECT ON item TO PUBLIC', false],
]
const MYSQL: readonly Row[] = [
  ['LOCK TABLES item WRITE', false],
  ['UNLOCK TABLES', false],
  ['ANALYZE TABLE item', false],
  ['CHECK TABLE item', false],
  ['CHECKSUM TABLE item', false],
  ['OPTIMIZE TABLE item', false],
  ['FLUSH TABLES', false],
  ["PREPARE remove FROM 'DELETE FROM item WHERE id = 1'", false],
  ['EXECUTE remove', true],
  ['DEALLOCATE PREPARE remove', false],
  ['EXPLAIN DELETE FROM item', false],
  ['DESCRIBE item', false],
  ['ANALYZE UPDATE item SET n = n + 1', true],
  ['ANALYZE FORMAT=JSON DELETE FROM item WHERE id = 2', true],
]
const SQLITE: readonly Row[] = [
  ['ANALYZE', false],
  ['EXPLAIN DELETE FROM item', false],
  ['EXPLAIN QUERY PLAN UPDATE item SET n = n + 1', false],
]
const SETUP = [
  'CREATE TABLE item (id int PRIMARY KEY, n int)',
  'INSERT INTO item VALUES (1, 1), (2, 2), (3, 3)',
]

/** Every text that a server was seen to write with is called a write, and every other is not, but for those named. */
async function check(
  dialect: SqlDialect,
  rows: readonly Row[],
  run: (text: string) => Promise<unknown>,
  cautious: readonly string[] = [],
): Promise<void> {
  for (const text of SETUP) await run(text)
  const state = async () => JSON.stringify(await run('SELECT * FROM item ORDER BY id'))
  for (const [text, changes, where] of rows) {
    const before = await state()
    if (where) await run('BEGIN')
    await run(text)
    if (where) await run('COMMIT')
    if (/^LOCK TABLES/.test(text)) await run('UNLOCK TABLES')
    expect((await state()) !== before, `${text} on the server`).toBe(changes)
    expect(scanSql(text, dialect).writes, `${text} by its words`).toBe(changes || cautious.includes(text))
  }
}

it('PostgreSQL statements change rows exactly if the scanner classifies them as writes', async () => {
  const { url, drop } = await createDatabase(await postgresUrl())
  const client = new Client({ connectionString: url })
  await client.connect()
  const run = async (text: string) => (await client.query(text)).rows
  try {
    // After a GRANT another role may read, which a cached result would not show.
    await check('postgres', POSTGRES, run, ['GRANT SELECT ON item TO PUBLIC'])
  } finally {
    await client.end()
    await drop()
  }
})

it('MariaDB statements change rows exactly if the scanner classifies them as writes', async () => {
  const name = `larder_test_quiet_${process.pid}`
  const client = await mysql.createConnection(await mariadbUrl())
  try {
    await client.query(`CREATE DATABASE ${name}`)
    await client.query(`USE ${name}`)
    await check('mysql', MYSQL, async (text) => (await client.query(text))[0])
  } finally {
    await client.query(`DROP DATABASE ${name}`)
    await client.end()
  }
})

it('SQLite statements change rows exactly if the scanner classifies them as writes', async () => {
  const db = new SqliteDatabase(':memory:')
  const run = async (text: string) => {
    const statement = db.prepare(text)
    return statement.reader ? statement.all() : statement.run()
  }
  await check('sqlite', SQLITE, run)
  db.close()
})
