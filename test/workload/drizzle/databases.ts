import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createDatabase, makeDataFolder, mariadbUrl, postgresUrl } from '@larder/testing'
import { createClient } from '@libsql/client'
import { drizzle as overLibsql } from 'drizzle-orm/libsql'
import { drizzle as overMysql } from 'drizzle-orm/mysql2'
import { drizzle as overPg } from 'drizzle-orm/node-postgres'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { type Db, type Dialect, ddlOf, TABLES } from './tables.ts'

/** A database of its own with the world's tables. */
export interface DrizzleDatabase {
  readonly dialect: Dialect
  /** A plain Drizzle db over connections of its own. */
  db(): Db
  /** Other connections see what is committed, and nothing else, while a transaction is open. */
  readonly concurrent: boolean
  stop(): Promise<void>
}

const casing = 'snake_case'

/** `connections`: most that each db opens. */
export async function startDrizzleDatabase(dialect: Dialect, connections = 4): Promise<DrizzleDatabase> {
  return await { postgres, mysql: mariadb, sqlite: libsql }[dialect](connections)
}

async function postgres(connections: number): Promise<DrizzleDatabase> {
  const database = await createDatabase(await postgresUrl())
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  for (const sql of ddlOf('postgres')) await client.query(sql)
  await client.end()
  const pools: pg.Pool[] = []
  return {
    dialect: 'postgres',
    concurrent: true,
    db() {
      const pool = new pg.Pool({ connectionString: database.url, max: connections })
      pool.on('error', () => {})
      pools.push(pool)
      return overPg(pool, { schema: TABLES.postgres, casing })
    },
    async stop() {
      await Promise.all(pools.map((pool) => pool.end()))
      await database.drop()
    },
  }
}

async function mariadb(connections: number): Promise<DrizzleDatabase> {
  const url = new URL(await mariadbUrl())
  const name = `larder_test_${process.pid}_${randomBytes(4).toString('hex')}`
  const admin = await mysql.createConnection(url.href)
  await admin.query(`CREATE DATABASE ${name}`)
  await admin.query(`USE ${name}`)
  for (const sql of ddlOf('mysql')) await admin.query(sql)
  url.pathname = name
  const pools: mysql.Pool[] = []
  return {
    dialect: 'mysql',
    concurrent: true,
    db() {
      const pool = mysql.createPool({ uri: url.href, connectionLimit: connections })
      pools.push(pool)
      // MariaDB has no LATERAL.
      const options = { schema: TABLES.mysql as never, mode: 'planetscale', casing } as const
      return overMysql(pool, options) as unknown as Db
    },
    async stop() {
      await Promise.all(pools.map((pool) => pool.end()))
      await admin.query(`DROP DATABASE ${name}`)
      await admin.end()
    },
  }
}

async function libsql(): Promise<DrizzleDatabase> {
  const folder = makeDataFolder('libsql')
  const client = createClient({ url: `file:${join(folder, 'test.db')}` })
  await client.executeMultiple(`PRAGMA journal_mode = WAL; ${ddlOf('sqlite').join(';')};`)
  return {
    dialect: 'sqlite',
    concurrent: false,
    db: () => overLibsql(client, { schema: TABLES.sqlite as never, casing }) as unknown as Db,
    async stop() {
      client.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
