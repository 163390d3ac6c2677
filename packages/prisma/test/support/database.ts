import { randomBytes } from 'node:crypto'
import { PrismaMariaDb } from '@prisma/adapter-mariadb'
import { PrismaPg } from '@prisma/adapter-pg'
import type {
  SqlDriverAdapter,
  SqlDriverAdapterFactory,
  SqlQueryable,
  Transaction,
} from '@prisma/driver-adapter-utils'
import mysql from 'mysql2/promise'
import { Pool } from 'pg'
import { PrismaPGlite } from 'pglite-prisma-adapter'
import {
  createDatabase,
  createMigratedDatabase,
  mariadbUrl,
  migrate,
  postgresUrl,
  startPglite,
} from '../../../testing/src/index.ts'

/** What happened to one physical statement: it was sent, or its answer is here. */
export type Watch = (sql: string, phase: 'sent' | 'done') => Promise<void> | void

/** An empty database of the repository's schema. */
export interface TestDatabase {
  /** A driver adapter that tells `watch` of every statement; what `watch` throws is the statement's error. */
  adapter(watch: Watch, options?: { readonly max?: number }): SqlDriverAdapterFactory
  /** Runs SQL behind everybody's back: no client notices. */
  exec(sql: string): Promise<unknown>
  stop(): Promise<void>
}

/** One connection in this process; no savepoints. */
export async function pgliteDatabase(): Promise<TestDatabase> {
  const pglite = await startPglite()
  await migrate((sql) => pglite.exec(sql))
  return {
    adapter: (watch) => watched(new PrismaPGlite(pglite), watch),
    exec: (sql) => pglite.exec(sql),
    stop: () => pglite.close(),
  }
}

type Prepare = (exec: (sql: string) => Promise<unknown>) => Promise<unknown>

/** A PostgreSQL server with as many connections as are asked for. `prepare` makes other tables than the repository's schema. */
export async function postgresDatabase(prepare?: Prepare): Promise<TestDatabase & { readonly url: string }> {
  const { url, drop } = await (prepare ? postgresUrl().then(createDatabase) : createMigratedDatabase())
  const pool = new Pool({ connectionString: url })
  // A connection that is being closed when the database is dropped would else be an uncaught error.
  pool.on('connect', (client) => client.on('error', () => {}))
  pool.on('error', () => {})
  await prepare?.((sql) => pool.query(sql))
  return {
    url,
    adapter: (watch, options = {}) => {
      // A connection that the server ends while it is idle would else be an uncaught error.
      const quiet = { onPoolError: () => {}, onConnectionError: () => {} }
      return watched(new PrismaPg({ connectionString: url, ...options }, quiet), watch)
    },
    exec: (sql) => pool.query(sql),
    async stop() {
      await pool.end()
      await drop()
    },
  }
}

/** A database on a MariaDB server, with the tables that `ddl` makes: the repository's schema is PostgreSQL's. */
export async function mariadbDatabase(ddl: readonly string[]): Promise<TestDatabase> {
  const url = new URL(await mariadbUrl())
  const name = `larder_test_${process.pid}_${randomBytes(4).toString('hex')}`
  const connection = await mysql.createConnection(url.href)
  for (const sql of [`CREATE DATABASE ${name}`, `USE ${name}`, ...ddl]) await connection.query(sql)
  const { hostname: host, port, username: user, password } = url
  const server = { host, port: Number(port), user, password, database: name }
  return {
    adapter: (watch, { max = 5 } = {}) =>
      watched(new PrismaMariaDb({ ...server, connectionLimit: max, acquireTimeout: 60_000 }), watch),
    exec: (sql) => connection.query(sql),
    async stop() {
      await connection.query(`DROP DATABASE ${name}`)
      await connection.end()
    },
  }
}

function watched(factory: SqlDriverAdapterFactory, watch: Watch): SqlDriverAdapterFactory {
  // Shows what the factory is made from, as the factory itself does.
  return Object.assign(Object.create(factory) as SqlDriverAdapterFactory, {
    connect: async () => watchAdapter(await factory.connect(), watch),
  })
}

function watchAdapter(adapter: SqlDriverAdapter, watch: Watch): SqlDriverAdapter {
  return override(adapter, {
    ...watchStatements(adapter, watch),
    async startTransaction(...args: Parameters<SqlDriverAdapter['startTransaction']>) {
      await watch('BEGIN', 'sent')
      const begun = watchTransaction(await adapter.startTransaction(...args), watch)
      await watch('BEGIN', 'done')
      return begun
    },
  })
}

function watchTransaction(transaction: Transaction, watch: Watch): Transaction {
  const end = async (sql: string, run: () => Promise<void>): Promise<void> => {
    // Other adapters send it as a statement, and this call only gives the connection back.
    const { usePhantomQuery } = transaction.options
    if (usePhantomQuery) await watch(sql, 'sent')
    await run()
    if (usePhantomQuery) await watch(sql, 'done')
  }
  const savepoint = async (sql: string, run: Promise<void> | undefined): Promise<void> => {
    await watch(sql, 'sent')
    await run
  }
  return override(transaction, {
    ...watchStatements(transaction, watch),
    createSavepoint: (name) => savepoint('SAVEPOINT', transaction.createSavepoint?.(name)),
    rollbackToSavepoint: (name) => savepoint('ROLLBACK TO', transaction.rollbackToSavepoint?.(name)),
    releaseSavepoint: (name) => savepoint('RELEASE', transaction.releaseSavepoint?.(name)),
    commit: () => end('COMMIT', () => transaction.commit()),
    rollback: () => end('ROLLBACK', () => transaction.rollback()),
  })
}

function watchStatements(
  queryable: SqlQueryable,
  watch: Watch,
): Pick<SqlQueryable, 'queryRaw' | 'executeRaw'> {
  const around = async <T>(sql: string, run: () => Promise<T>): Promise<T> => {
    await watch(sql, 'sent')
    const result = await run()
    await watch(sql, 'done')
    return result
  }
  return {
    queryRaw: (query) => around(query.sql, () => queryable.queryRaw(query)),
    executeRaw: (query) => around(query.sql, () => queryable.executeRaw(query)),
  }
}

/** Methods keep `this`: the drivers' objects have fields of their own. */
function override<T extends object>(target: T, methods: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      if (Object.hasOwn(methods, name)) return Reflect.get(methods, name)
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
