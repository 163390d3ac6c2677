import { createDatabase, type Database, postgresUrl } from '@larder/testing'
import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { POSTGRES } from '../contract/ddl.ts'
import type { ContractDb, Driver } from '../contract/driver.ts'
import * as schema from '../contract/schema-pg.ts'

async function migrated(): Promise<Database> {
  const database = await createDatabase(await postgresUrl())
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  for (const sql of POSTGRES) await client.query(sql)
  await client.query('ALTER SEQUENCE app_user_id_seq RESTART 1000')
  await client.query('ALTER SEQUENCE blog_post_id_seq RESTART 1000')
  await client.end()
  return database
}

/** node-postgres over a pool, on the tests' PostgreSQL. */
export const nodePostgres: Driver = nodePostgresBy((pool) => drizzle(pool, { schema }))

/** The same with the db of another version of Drizzle. */
export function nodePostgresBy(connect: (pool: pg.Pool) => ContractDb): Driver {
  return {
    name: 'a pool of node-postgres',
    dialect: 'postgres',
    concurrent: true,
    schema,
    async start() {
      const database = await migrated()
      const sent: string[] = []
      const pools: pg.Pool[] = []
      return {
        db() {
          const pool = new pg.Pool({ connectionString: database.url, max: 4, Client: listening(sent) })
          pool.on('error', () => {})
          pools.push(pool)
          return connect(pool)
        },
        sent,
        async stop() {
          await Promise.all(pools.map((pool) => pool.end()))
          await database.drop()
        },
      }
    },
  }
}

/** node-postgres over one connection that all transactions share. */
export const nodePostgresClient: Driver = {
  name: 'a single client of node-postgres',
  dialect: 'postgres',
  concurrent: false,
  hasRivals: true,
  schema,
  async start() {
    const database = await migrated()
    const sent: string[] = []
    const clients: pg.Client[] = []
    return {
      async db() {
        const client = new (listening(sent))({ connectionString: database.url })
        client.on('error', () => {})
        await client.connect()
        clients.push(client)
        return drizzle(client, { schema }) as unknown as ContractDb
      },
      sent,
      async stop() {
        await Promise.all(clients.map((client) => client.end()))
        await database.drop()
      },
    }
  },
}

/** A client that records the text of every query. */
function listening(sent: string[]): typeof pg.Client {
  class Listening extends pg.Client {}
  const { query } = pg.Client.prototype as { query: (...parameters: unknown[]) => unknown }
  Object.assign(Listening.prototype, {
    query(this: pg.Client, ...parameters: unknown[]) {
      const [first] = parameters
      sent.push(typeof first === 'string' ? first : String((first as { text?: unknown }).text))
      return query.apply(this, parameters)
    },
  })
  return Listening
}
