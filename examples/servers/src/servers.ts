import { PGlite } from '@electric-sql/pglite'
import { memoryStore } from '@larder/core'
import type { Store } from '@larder/core/store'
import { valkeyStore } from '@larder/valkey'
import { PrismaPg } from '@prisma/adapter-pg'
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite'
import { Redis } from 'iovalkey'
import pg from 'pg'
import { PrismaPGlite } from 'pglite-prisma-adapter'
import { startLocalValkey } from './local-valkey.ts'
import { countStatements } from './statements.ts'

/** What a service runs on. */
export interface Servers {
  /** One line for people: which database, which store. */
  readonly description: string
  /** For a Prisma client. */
  adapter(): SqlDriverAdapterFactory
  /** A plain Drizzle db. */
  drizzle<Schema extends Record<string, unknown>>(schema: Schema): PgDatabase<PgQueryResultHKT, Schema>
  /** A store for one cache, which closes it. */
  store(): Store
  /** Whether there is a Valkey to connect to. */
  readonly hasValkey: boolean
  /** A new client, which the caller closes. @throws Error if there is no Valkey. */
  client(): Redis
  /** Runs several statements, with no service in between. */
  runScript(sql: string): Promise<void>
  /** Runs one query, with no service in between. */
  query<Row extends object>(sql: string): Promise<Row[]>
  /** SQL statements sent so far. */
  statements(): number
  /** Closes what was opened here. Call it after the services have closed. */
  stop(): Promise<void>
}

type Database = Pick<Servers, 'adapter' | 'drizzle' | 'runScript' | 'query' | 'statements' | 'stop'>

/**
 * The database of `DATABASE_URL` and the server of `VALKEY_URL`. Without these, PostgreSQL runs inside this process
 * (PGlite), and the cache is in its memory: nothing to install, and nothing is left behind.
 * @param needsValkey starts a server of this process's own where `VALKEY_URL` is not set.
 * @throws Error that says what to install if there is no such program.
 */
export async function startServers(
  env: Readonly<Record<string, string | undefined>>,
  { needsValkey = false } = {},
): Promise<Servers> {
  const { DATABASE_URL: databaseUrl, VALKEY_URL: valkeyUrl } = env
  const local = needsValkey && !valkeyUrl ? await startLocalValkey(env) : undefined
  const database = databaseUrl ? connect(databaseUrl) : await embed()
  const clientUrl = valkeyUrl || local?.url
  return {
    ...database,
    description: `${databaseUrl ? 'PostgreSQL' : 'PGlite'}, ${valkeyUrl ? 'Valkey' : 'memory store'}`,
    store: () => (valkeyUrl ? valkeyStore(valkeyUrl) : memoryStore()),
    hasValkey: clientUrl !== undefined,
    client() {
      if (clientUrl === undefined) throw new Error('there is no Valkey: set VALKEY_URL')
      return openClient(clientUrl)
    },
    async stop() {
      await database.stop()
      await local?.stop()
    },
  }
}

/** A request should not wait for a server that hangs: the defaults of iovalkey would let it wait for ever. */
function openClient(url: string): Redis {
  // It knows the other name of the scheme only.
  const client = new Redis(url.replace(/^valkey(s?):/, 'redis$1:'), {
    commandTimeout: 1_000,
    maxRetriesPerRequest: 1,
  })
  // It connects again by itself. Without a listener, each attempt would be printed.
  client.on('error', () => {})
  return client
}

/** Each client has connections of its own, as in a process of its own. */
function connect(connectionString: string): Database {
  const { count, pool: counted } = countStatements()
  const pools: pg.Pool[] = []
  const open = (): pg.Pool => {
    const pool = counted(new pg.Pool({ connectionString, max: 10 }))
    // An idle connection that is lost is replaced by the next query. Without a listener it would end the process.
    pool.on('error', () => {})
    pools.push(pool)
    return pool
  }
  const own = open()
  return {
    adapter: () => new PrismaPg(open()),
    drizzle: (schema) => drizzlePg(open(), { schema }),
    runScript: async (sql) => {
      await own.query(sql)
    },
    query: async <Row extends object>(sql: string) => (await own.query<Row>(sql)).rows,
    statements: count,
    async stop() {
      await Promise.all(pools.map((pool) => pool.end()))
    },
  }
}

/** PGlite has one connection: transactions of all clients wait for each other. */
async function embed(): Promise<Database> {
  const { count, pglite: counted } = countStatements()
  const pglite = await PGlite.create()
  return {
    adapter: () => new PrismaPGlite(counted(pglite)),
    drizzle: (schema) => drizzlePglite(counted(pglite), { schema }),
    runScript: async (sql) => {
      await pglite.exec(sql)
    },
    query: async <Row extends object>(sql: string) => (await pglite.query<Row>(sql)).rows,
    statements: count,
    stop: () => pglite.close(),
  }
}
