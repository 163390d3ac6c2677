import { createDatabase, postgresUrl } from '@larder/testing'
import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { POSTGRES } from '../contract/ddl.ts'
import type { Driver } from '../contract/driver.ts'
import * as schema from '../contract/schema-pg.ts'

/** node-postgres over a pool, on a PostgreSQL of the tests. */
export const nodePostgres: Driver = {
  name: 'a pool of node-postgres',
  dialect: 'postgres',
  concurrent: true,
  schema,
  async start() {
    const database = await createDatabase(await postgresUrl())
    const sent: string[] = []
    const pools: pg.Pool[] = []
    const open = (): pg.Pool => {
      const pool = new pg.Pool({ connectionString: database.url, max: 4, Client: listening(sent) })
      pool.on('error', () => {})
      pools.push(pool)
      return pool
    }
    const first = open()
    for (const sql of POSTGRES) await first.query(sql)
    await first.query('ALTER SEQUENCE app_user_id_seq RESTART 1000')
    await first.query('ALTER SEQUENCE blog_post_id_seq RESTART 1000')
    return {
      db: () => drizzle(open(), { schema }),
      sent,
      async stop() {
        await Promise.all(pools.map((pool) => pool.end()))
        await database.drop()
      },
    }
  },
}

/** A client that notes the text of every query. */
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
