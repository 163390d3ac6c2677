import { createDatabase, postgresUrl } from '@larder/testing'
import { Client, neonConfig, Pool } from '@neondatabase/serverless'
import { drizzle } from 'drizzle-orm/neon-serverless'
import pg from 'pg'
import { POSTGRES } from '../contract/ddl.ts'
import type { ContractDb, Driver } from '../contract/driver.ts'
import * as schema from '../contract/schema-pg.ts'
import { websocketProxy } from './websocket-proxy.ts'

/** Neon's pool over a WebSocket, which a proxy of the test connects to the tests' PostgreSQL. */
export const neonServerless: Driver = neonServerlessBy(
  (client) => drizzle(client, { schema }) as unknown as ContractDb,
)

/** The same with the db of another version of Drizzle. */
export function neonServerlessBy(connect: (client: Pool) => ContractDb): Driver {
  return {
    name: 'a pool of neon-serverless',
    dialect: 'postgres',
    concurrent: true,
    schema,
    async start() {
      const database = await createDatabase(await postgresUrl())
      const admin = new pg.Client({ connectionString: database.url })
      await admin.connect()
      for (const sql of POSTGRES) await admin.query(sql)
      await admin.query('ALTER SEQUENCE app_user_id_seq RESTART 1000')
      await admin.query('ALTER SEQUENCE blog_post_id_seq RESTART 1000')
      await admin.end()
      const proxy = await websocketProxy(Number(new URL(database.url).port))
      Object.assign(neonConfig, {
        wsProxy: () => `127.0.0.1:${proxy.port}`,
        useSecureWebSocket: false,
        pipelineConnect: false,
        pipelineTLS: false,
        forceDisablePgSSL: true,
      })
      const sent: string[] = []
      const pools: Pool[] = []
      return {
        db() {
          const pool = new Pool({ connectionString: database.url, max: 4 })
          // It takes no class as an option.
          Object.assign(pool, { Client: listening(sent) })
          pool.on('error', () => {})
          pool.on('connect', (client: Client) => void client.on('error', () => {}))
          pools.push(pool)
          return connect(pool)
        },
        sent,
        async stop() {
          await Promise.all(pools.map((pool) => pool.end()))
          proxy.close()
          await database.drop()
        },
      }
    },
  }
}

/** A client that records the text of every query. */
function listening(sent: string[]): typeof Client {
  class Listening extends Client {}
  const { query } = Client.prototype as unknown as { query: (...parameters: unknown[]) => unknown }
  Object.assign(Listening.prototype, {
    query(this: Client, ...parameters: unknown[]) {
      const [first] = parameters
      sent.push(typeof first === 'string' ? first : String((first as { text?: unknown }).text))
      return query.apply(this, parameters)
    },
  })
  return Listening
}
