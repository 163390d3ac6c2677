import {
  createMigratedDatabase,
  migrate,
  type RunSql,
  startPglite,
  type WatchedAdapter,
  watchAdapter,
} from '@larder/testing'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { PrismaPGlite } from 'pglite-prisma-adapter'
import { PrismaClient } from '../../prisma/generated/client/client.ts'

/** Prisma's defaults (2 s and 5 s) are too short for a machine that is busy with something else. */
const transactionOptions = { maxWait: 60_000, timeout: 60_000 }

/** A migrated, empty database and ways into it. */
export interface TestDatabase {
  readonly kind: 'postgres' | 'pglite'
  /** A Prisma client of its own, without a cache, and what it sends. */
  client(): { readonly client: PrismaClient; readonly watched: WatchedAdapter }
  /** One statement past every client. */
  readonly run: RunSql
  /** A plain connection of its own. PostgreSQL only. */
  connect(): Promise<pg.Client>
  /** Plain connections of its own. PostgreSQL only. */
  pool(): pg.Pool
  stop(): Promise<void>
}

/** `connections`: most that each client opens. */
export async function startPostgresDatabase(connections = 5): Promise<TestDatabase> {
  const database = await createMigratedDatabase()
  const pools: pg.Pool[] = []
  const poolOf = (max: number): pg.Pool => {
    const pool = new pg.Pool({ connectionString: database.url, max })
    pool.on('error', () => {})
    pools.push(pool)
    return pool
  }
  const pool = poolOf(2)
  const clients: PrismaClient[] = []
  const others: pg.Client[] = []
  return {
    kind: 'postgres',
    client() {
      const watched = watchAdapter(new PrismaPg({ connectionString: database.url, max: connections }))
      const client = new PrismaClient({
        adapter: watched.adapter,
        errorFormat: 'minimal',
        transactionOptions,
      })
      clients.push(client)
      return { client, watched }
    },
    run: async (sql) => (await pool.query(sql)).rows as Record<string, unknown>[],
    pool: () => poolOf(connections),
    async connect() {
      const client = new pg.Client({ connectionString: database.url })
      client.on('error', () => {})
      await client.connect()
      others.push(client)
      return client
    },
    async stop() {
      await Promise.all(clients.map((client) => client.$disconnect()))
      await Promise.all(others.map((client) => client.end()))
      await Promise.all(pools.map((pool) => pool.end()))
      await database.drop()
    },
  }
}

/** Everything goes over the one connection there is: nothing can be read beside an open transaction. */
export async function startPgliteDatabase(): Promise<TestDatabase> {
  const pglite = await startPglite()
  await migrate((sql) => pglite.exec(sql))
  const clients: PrismaClient[] = []
  return {
    kind: 'pglite',
    client() {
      const watched = watchAdapter(new PrismaPGlite(pglite))
      const client = new PrismaClient({
        adapter: watched.adapter,
        errorFormat: 'minimal',
        transactionOptions,
      })
      clients.push(client)
      return { client, watched }
    },
    run: async (sql) => (await pglite.query<Record<string, unknown>>(sql)).rows,
    connect: () => Promise.reject(new Error('PGlite has one connection')),
    pool() {
      throw new Error('PGlite has one connection')
    },
    async stop() {
      await Promise.all(clients.map((client) => client.$disconnect()))
      await pglite.close()
    },
  }
}
