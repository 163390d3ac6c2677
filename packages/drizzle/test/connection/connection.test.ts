import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { type Cache, createCache } from '@larder/core'
import type { Connection, Host } from '@larder/core/host'
import { drizzleCache } from '@larder/drizzle'
import { type ConnectionCase, emptyPglite, expectDistinctConnections, makeDataFolder } from '@larder/testing'
import { createClient } from '@libsql/client'
import { Pool as NeonPool, type PoolConfig } from '@neondatabase/serverless'
import Database from 'better-sqlite3'
import { drizzle as overBetterSqlite } from 'drizzle-orm/better-sqlite3'
import { drizzle as overLibsql } from 'drizzle-orm/libsql'
import { int as mysqlInt, mysqlTable } from 'drizzle-orm/mysql-core'
import { drizzle as overMysql } from 'drizzle-orm/mysql2'
import { drizzle as overNeon } from 'drizzle-orm/neon-serverless'
import { drizzle as overPg } from 'drizzle-orm/node-postgres'
import { integer as pgInteger, pgTable } from 'drizzle-orm/pg-core'
import { drizzle as overPglite } from 'drizzle-orm/pglite'
import { drizzle as overPostgresJs } from 'drizzle-orm/postgres-js'
import { integer, sqliteTable } from 'drizzle-orm/sqlite-core'
import mysql from 'mysql2/promise'
import pg from 'pg'
import postgres from 'postgres'
import { afterAll, expect, it } from 'vitest'
import { v0 } from '../../src/versions/v0/v0.ts'
import { v1 } from '../../src/versions/v1/v1.ts'

// The identity of connections, read from clients that never connect. Only clients with equal identities share entries.

const item = { item: pgTable('item', { id: pgInteger().primaryKey() }) }
const mysqlItem = { item: mysqlTable('item', { id: mysqlInt().primaryKey() }) }
const sqliteItem = { item: sqliteTable('item', { id: integer().primaryKey() }) }
const folder = makeDataFolder('connection')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Creates a db over a new client, in the current environment. */
type Make = () => object | Promise<object>

const URL_OF_SHOP = 'postgres://app:secret@db.example:6000/shop'
const SHOP = { host: 'db.example', port: 6000, user: 'app', password: 'other', database: 'shop' }
const poolOf = (options: pg.PoolConfig): object => overPg(new pg.Pool(options), { schema: item })
const pgClientOf = (options: pg.ClientConfig): object => overPg(new pg.Client(options), { schema: item })
const neonOf = (options: PoolConfig): object => overNeon(new NeonPool(options), { schema: item })
type PostgresJsOptions = postgres.Options<Record<string, postgres.PostgresType>>
const postgresJsOf = (options: PostgresJsOptions, url?: string): object =>
  overPostgresJs(url ? postgres(url, options) : postgres(options), { schema: item })
const mysqlOf = (options: mysql.PoolOptions): object =>
  overMysql(mysql.createPool(options), { schema: mysqlItem, mode: 'default' })
const fileOf = (name: string): object => overBetterSqlite(new Database(name), { schema: sqliteItem })
const libsqlOf = (url: string, intMode: 'number' | 'bigint' = 'number'): object =>
  overLibsql(createClient({ url, intMode }), { schema: sqliteItem })
const pgliteOf = async (dataDir?: string): Promise<object> => {
  // A folder that has a database takes no other.
  const files =
    dataDir && existsSync(join(dataDir.replace('file://', ''), 'PG_VERSION'))
      ? {}
      : { loadDataDir: await emptyPglite() }
  const client = new PGlite({ ...(dataDir && { dataDir }), ...files })
  // In memory the identity is known immediately.
  if (dataDir && !dataDir.startsWith('memory:')) await client.waitReady
  lastPglite = client
  return overPglite(client, { schema: item })
}
/** The last PGlite with other properties, because starting one takes seconds. A closed one has no `mod`. */
const pgliteWith = (properties: object): object => {
  const mod = { ENV: { PGUSER: 'postgres', PGDATABASE: 'postgres' } }
  return overPglite(Object.assign(Object.create(lastPglite), { mod, ...properties }), { schema: item })
}
let lastPglite: PGlite

/** Creates the db with these environment variables. */
function under(variables: Readonly<Record<string, string>>, make: Make): Make {
  return () => {
    Object.assign(process.env, variables)
    return make()
  }
}

const PG_VARIABLES = { PGHOST: 'db.example', PGPORT: '6000', PGDATABASE: 'shop', PGUSER: 'app' }
const CASES: Readonly<Record<string, ConnectionCase<Make>>> = {
  'NodePgSession, a pool': {
    same: [
      () => poolOf({ connectionString: URL_OF_SHOP }),
      () => poolOf(SHOP),
      () => poolOf({ connectionString: 'postgres://app@DB.example:6000/shop', max: 3 }),
      () => pgClientOf(SHOP),
      () => pgClientOf({ connectionString: URL_OF_SHOP }),
    ],
    others: {
      host: () => poolOf({ ...SHOP, host: 'db2.example' }),
      port: () => poolOf({ ...SHOP, port: 6001 }),
      'the default port': () => poolOf({ ...SHOP, port: undefined }),
      database: () => poolOf({ ...SHOP, database: 'shop2' }),
      'the database of the user': () => poolOf({ ...SHOP, database: undefined }),
      user: () => poolOf({ ...SHOP, user: 'admin' }),
      'the search path': () => poolOf({ ...SHOP, options: '-c search_path=a' }),
      'the role, in the URL': () => poolOf({ connectionString: `${URL_OF_SHOP}?options=-c%20role%3Dreader` }),
      'the time zone': () => poolOf({ ...SHOP, options: '-c timezone=Asia/Tokyo' }),
      PGOPTIONS: under({ PGOPTIONS: '-c search_path=b' }, () => poolOf(SHOP)),
      'a socket': () => poolOf({ ...SHOP, host: '/tmp' }),
      'this machine': () => poolOf({ ...SHOP, host: 'localhost' }),
    },
  },
  'NodePgSession, configured by the environment': {
    same: [
      under(PG_VARIABLES, () => poolOf({})),
      under(PG_VARIABLES, () => pgClientOf({})),
      () => poolOf(SHOP),
    ],
    others: {
      PGDATABASE: under({ PGDATABASE: 'shop2' }, () => poolOf({})),
      PGUSER: under({ PGUSER: 'admin' }, () => poolOf({})),
      PGHOST: under({ PGHOST: 'db2.example' }, () => pgClientOf({})),
      PGPORT: under({ PGPORT: '1' }, () => pgClientOf({})),
    },
  },
  PostgresJsSession: {
    same: [
      () => postgresJsOf({}, URL_OF_SHOP),
      () => postgresJsOf(SHOP),
      () => postgresJsOf({ max: 2 }, 'postgres://app@DB.example:6000/shop'),
    ],
    others: {
      host: () => postgresJsOf({ ...SHOP, host: 'db2.example' }),
      'a second host': () => postgresJsOf({ ...SHOP, host: 'db.example,db2.example' }),
      port: () => postgresJsOf({ ...SHOP, port: 6001 }),
      database: () => postgresJsOf({ ...SHOP, database: 'shop2' }),
      user: () => postgresJsOf({ ...SHOP, user: 'admin' }),
      'the search path': () => postgresJsOf({ ...SHOP, connection: { search_path: 'a' } }),
      'the time zone, in the URL': () => postgresJsOf({}, `${URL_OF_SHOP}?TimeZone=Asia/Tokyo`),
      types: () =>
        postgresJsOf({
          ...SHOP,
          types: { numbers: { to: 1700, from: [1700], serialize: String, parse: Number } },
        }),
      transform: () => postgresJsOf({ ...SHOP, transform: { value: (value: unknown) => value ?? 0 } }),
      PGHOST: under({ PGHOST: 'db3.example' }, () => postgresJsOf({ ...SHOP, host: '' })),
    },
  },
  PgliteSession: {
    same: [() => pgliteOf(join(folder, 'a')), () => pgliteOf(`file://${join(folder, 'a')}`)],
    others: {
      folder: () => pgliteWith({ dataDir: join(folder, 'b') }),
      database: () => pgliteWith({ mod: { ENV: { PGUSER: 'postgres', PGDATABASE: 'other' } } }),
      user: () => pgliteWith({ mod: { ENV: { PGUSER: 'other', PGDATABASE: 'postgres' } } }),
      parsers: () => pgliteWith({ parsers: { ...lastPglite.parsers, 1700: Number } }),
      memory: () => pgliteOf(),
      'memory again': () => pgliteOf('memory://x'),
    },
  },
  MySql2Session: {
    same: [
      () => mysqlOf({ uri: 'mysql://app:secret@db.example:3307/shop' }),
      () => mysqlOf({ host: 'DB.example', port: 3307, user: 'app', database: 'shop' }),
      () =>
        mysqlOf({ host: 'db.example', port: 3307, user: 'rotated', database: 'shop', connectionLimit: 2 }),
    ],
    others: Object.fromEntries(
      Object.entries({
        host: { host: 'db2.example' },
        port: { port: 3308 },
        database: { database: 'shop2' },
        socketPath: { socketPath: '/run/mysql.sock' },
        timezone: { timezone: '+09:00' },
        dateStrings: { dateStrings: true },
        'dateStrings of some types': { dateStrings: ['DATE' as const] },
        supportBigNumbers: { supportBigNumbers: true },
        bigNumberStrings: { supportBigNumbers: true, bigNumberStrings: true },
        decimalNumbers: { decimalNumbers: true },
        jsonStrings: { jsonStrings: true },
        charset: { charset: 'latin1' },
      }).map(([name, options]) => [
        name,
        () => mysqlOf({ host: 'db.example', port: 3307, database: 'shop', ...options }),
      ]),
    ),
  },
  LibSQLSession: {
    same: [
      () => libsqlOf(`file:${join(folder, 'l.db')}`),
      () => libsqlOf(`file:${folder}/../${folder.split('/').at(-1)}/l.db`),
    ],
    others: {
      file: () => libsqlOf(`file:${join(folder, 'm.db')}`),
      intMode: () => libsqlOf(`file:${join(folder, 'l.db')}`, 'bigint'),
      memory: () => libsqlOf(':memory:'),
      'memory again': () => libsqlOf(':memory:'),
      'a server': () => libsqlOf('http://db.example'),
      'a server, which does not show which': () => libsqlOf('http://db.example'),
    },
  },
  NeonSession: {
    same: [() => neonOf({ connectionString: URL_OF_SHOP }), () => neonOf(SHOP)],
    others: {
      host: () => neonOf({ ...SHOP, host: 'other.example' }),
      port: () => neonOf({ ...SHOP, port: 6001 }),
      database: () => neonOf({ ...SHOP, database: 'other' }),
      user: () => neonOf({ ...SHOP, user: 'other' }),
    },
  },
  BetterSQLiteSession: {
    same: [() => fileOf(join(folder, 's.db')), () => fileOf(`${folder}/../${folder.split('/').at(-1)}/s.db`)],
    others: {
      file: () => fileOf(join(folder, 't.db')),
      memory: () => fileOf(':memory:'),
      'memory again': () => fileOf(':memory:'),
    },
  },
}

/** The identity of the connection that `drizzleCache` passes to the cache. */
async function connectionOf(make: Make): Promise<string> {
  const cache = createCache()
  let connection: () => Connection | undefined = () => undefined
  const watching: Cache = {
    ...cache,
    attach(host: Host) {
      connection = () => host.connection?.current(true)
      return cache.attach(host)
    },
  }
  const environment = { ...process.env }
  const connected = await make()
  const client: unknown = Reflect.get(connected, '$client')
  const db = connected as ReturnType<typeof overLibsql<typeof sqliteItem>>
  const cached = drizzleCache(db, { cache: watching, tables: { item: { ttl: '1m' } } })
  process.env = environment
  // libSQL is inspected before its first read.
  if (!connection())
    await cached
      .select()
      .from(sqliteItem.item)
      .catch(() => {})
  const { place, settings } = connection() ?? {}
  if (client === lastPglite) await lastPglite.close()
  if (place === undefined) throw new Error('no connection')
  return JSON.stringify([place, settings])
}

it.each(Object.entries(CASES))(
  '%s: spellings of one connection share an identity, and any other setting changes it',
  { timeout: 240_000 },
  async (_, connections) => await expectDistinctConnections(connections, connectionOf),
)

it('every supported driver has a connection test', () => {
  const tested = new Set(Object.keys(CASES).map((name) => name.split(',')[0]))
  // Only 1.0 has node:sqlite: next/node-sqlite.test.ts.
  for (const name of ['SQLJsSession', 'NodeSQLiteSession']) tested.add(name)
  const served = new Set([v0, v1].flatMap(({ drivers }) => Object.keys(drivers)))
  expect([...served].sort()).toEqual([...tested].sort())
})
