import type { Cache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { repeatWhenBusy, sweep } from '@larder/testing'
import { eq, sql } from 'drizzle-orm'
import { mysqlTable, varchar as mysqlVarchar } from 'drizzle-orm/mysql-core'
import { drizzle as overMysql2 } from 'drizzle-orm/mysql2'
import { drizzle as overNodePostgres } from 'drizzle-orm/node-postgres'
import { pgTable, varchar } from 'drizzle-orm/pg-core'
import { drizzle as overPostgresJs } from 'drizzle-orm/postgres-js'
import mysql from 'mysql2/promise'
import pg from 'pg'
import postgres from 'postgres'
import {
  MARIADB_ERRORS,
  type OutageClient,
  type OutageDriver,
  outageCases,
  POSTGRES_ERRORS,
} from '../support/outage-cases.ts'
import { startOutageMariadb, startOutagePostgres } from '../support/outage-servers.ts'

repeatWhenBusy()

// Real servers are killed, stopped, paused and filled. What each driver then throws is classified.

const settings = pgTable('app_setting', {
  id: varchar({ length: 40 }).primaryKey(),
  value: varchar({ length: 40 }).notNull(),
})
const mysqlSettings = mysqlTable('app_setting', {
  id: mysqlVarchar({ length: 40 }).primaryKey(),
  value: mysqlVarchar({ length: 40 }).notNull(),
})
const tables = { settings: { ttl: '1h' } } as const

type PostgresDb = ReturnType<typeof overNodePostgres> | ReturnType<typeof overPostgresJs>

function readsOf(plain: PostgresDb, cache: Cache): Pick<OutageClient, 'read' | 'execute'> {
  const db = drizzleCache(plain as ReturnType<typeof overNodePostgres>, {
    cache,
    schema: { settings },
    tables,
  })
  return {
    read: async (id) =>
      (
        await db
          .select()
          .from(settings)
          .where(eq(settings.id, String(id)))
      )[0],
    execute: async (text) => plain.execute(sql.raw(text)),
  }
}

const POSTGRES_LIMIT = ["SET statement_timeout = '50ms'", 'SELECT pg_sleep(5)'] as const

const NODE_POSTGRES: OutageDriver = {
  name: 'Drizzle over node-postgres',
  start: startOutagePostgres,
  boundsQueries: true,
  timeLimit: POSTGRES_LIMIT,
  ownErrors: POSTGRES_ERRORS,
  connect(url, cache) {
    const pool = new pg.Pool({
      connectionString: url,
      max: 1,
      connectionTimeoutMillis: 700,
      query_timeout: 1_500,
    })
    pool.on('error', () => {})
    pool.on('connect', (client) => client.on('error', () => {}))
    return {
      ...readsOf(overNodePostgres(pool), cache),
      async hold(body) {
        const client = await pool.connect()
        await body().finally(() => client.release())
      },
      close: () => pool.end(),
    }
  },
}

const POSTGRES_JS: OutageDriver = {
  name: 'Drizzle over postgres-js',
  start: startOutagePostgres,
  boundsQueries: false,
  timeLimit: POSTGRES_LIMIT,
  ownErrors: POSTGRES_ERRORS,
  connect(url, cache) {
    const client = postgres(url, { max: 1, connect_timeout: 1, onnotice: () => {} })
    return { ...readsOf(overPostgresJs(client), cache), close: () => client.end({ timeout: 0 }) }
  },
}

const MYSQL2: OutageDriver = {
  name: 'Drizzle over mysql2',
  start: startOutageMariadb,
  boundsQueries: false,
  timeLimit: ['SET max_statement_time = 0.05', 'SELECT SLEEP(5)'],
  ownErrors: MARIADB_ERRORS,
  connect(url, cache) {
    const pool = mysql.createPool({
      uri: url,
      connectionLimit: 1,
      connectTimeout: 700,
      waitForConnections: false,
    })
    const plain = overMysql2(pool)
    const schema = { settings: mysqlSettings }
    const db = drizzleCache(plain, { cache, schema, tables })
    return {
      read: async (id) =>
        (
          await db
            .select()
            .from(mysqlSettings)
            .where(eq(mysqlSettings.id, String(id)))
        )[0],
      execute: async (text) => plain.execute(sql.raw(text)),
      async hold(body) {
        const connection = await pool.getConnection()
        await body().finally(() => connection.release())
      },
      close: () => pool.end(),
    }
  },
}

// The others take as long, and differ in little.
for (const driver of sweep([NODE_POSTGRES, MYSQL2, POSTGRES_JS], 2)) outageCases(driver)
