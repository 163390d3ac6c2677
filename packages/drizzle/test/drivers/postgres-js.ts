import { createDatabase, postgresUrl } from '@larder/testing'
import { drizzle } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { POSTGRES } from '../contract/ddl.ts'
import type { ContractDb, Driver } from '../contract/driver.ts'
import * as schema from '../contract/schema-pg.ts'

/** postgres-js on the tests' PostgreSQL. */
export const postgresJs: Driver = postgresJsBy(
  (client) => drizzle(client, { schema }) as unknown as ContractDb,
)

/** The same with the db of another version of Drizzle. */
export function postgresJsBy(connectDb: (client: postgres.Sql) => ContractDb): Driver {
  return {
    name: 'postgres-js',
    dialect: 'postgres',
    concurrent: true,
    rejectsBegin: true,
    schema,
    async start() {
      const database = await createDatabase(await postgresUrl())
      const sent: string[] = []
      const open: postgres.Sql[] = []
      const connect = (): postgres.Sql => {
        const client = postgres(database.url, {
          max: 4,
          onnotice: () => {},
          debug: (_connection, text) => void sent.push(text),
        })
        open.push(client)
        return client
      }
      const first = connect()
      for (const sql of POSTGRES) await first.unsafe(sql)
      await first.unsafe('ALTER SEQUENCE app_user_id_seq RESTART 1000')
      await first.unsafe('ALTER SEQUENCE blog_post_id_seq RESTART 1000')
      return {
        db: () => connectDb(connect()),
        sent,
        async stop() {
          await Promise.all(open.map((client) => client.end({ timeout: 1 })))
          await database.drop()
        },
      }
    },
  }
}
