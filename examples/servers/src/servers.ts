import { PGlite } from '@electric-sql/pglite'
import { memoryStore } from '@larder/core'
import type { Store } from '@larder/core/store'
import { valkeyStore } from '@larder/valkey'
import { PrismaPg } from '@prisma/adapter-pg'
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite'
import pg from 'pg'
import { PrismaPGlite } from 'pglite-prisma-adapter'

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
  /** Runs several statements, with no service in between. */
  runScript(sql: string): Promise<void>
  /** Closes what was opened here. Call it after the services have closed. */
  stop(): Promise<void>
}

type Database = Pick<Servers, 'adapter' | 'drizzle' | 'runScript' | 'stop'>

/**
 * The database of `DATABASE_URL` and the server of `VALKEY_URL`. Without these, PostgreSQL runs inside this process
 * (PGlite), and the cache is in its memory: nothing to install, and nothing is left behind.
 */
export async function startServers(env: Readonly<Record<string, string | undefined>>): Promise<Servers> {
  const { DATABASE_URL: databaseUrl, VALKEY_URL: valkeyUrl } = env
  const database = databaseUrl ? connect(databaseUrl) : await embed()
  return {
    ...database,
    description: `${databaseUrl ? 'PostgreSQL' : 'PGlite'}, ${valkeyUrl ? 'Valkey' : 'memory store'}`,
    store: () => (valkeyUrl ? valkeyStore(valkeyUrl) : memoryStore()),
  }
}

function connect(connectionString: string): Database {
  const pool = new pg.Pool({ connectionString, max: 10 })
  // An idle connection that is lost is replaced by the next query. Without a listener it would end the process.
  pool.on('error', () => {})
  return {
    adapter: () => new PrismaPg({ connectionString, max: 10 }),
    drizzle: (schema) => drizzlePg(pool, { schema }),
    runScript: async (sql) => {
      await pool.query(sql)
    },
    stop: () => pool.end(),
  }
}

/** PGlite has one connection: transactions of both ORMs wait for each other. */
async function embed(): Promise<Database> {
  const pglite = await PGlite.create()
  return {
    adapter: () => new PrismaPGlite(pglite),
    drizzle: (schema) => drizzlePglite(pglite, { schema }),
    runScript: async (sql) => {
      await pglite.exec(sql)
    },
    stop: () => pglite.close(),
  }
}
