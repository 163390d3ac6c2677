import Database from 'better-sqlite3'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { SQLITE } from '../contract/ddl.ts'
import type { ContractDb, Driver } from '../contract/driver.ts'
import { schemaSqlite } from '../contract/schema-sqlite.ts'

/** better-sqlite3, a synchronous driver, in memory. */
export const betterSqlite3: Driver = betterSqlite3By(
  (client) => drizzle(client, { schema: schemaSqlite }) as unknown as ContractDb,
)

/** The same with the db of another version of Drizzle. */
export function betterSqlite3By(connect: (client: Database.Database) => ContractDb): Driver {
  return {
    name: 'better-sqlite3',
    dialect: 'sqlite',
    concurrent: false,
    synchronous: true,
    schema: schemaSqlite,
    async start() {
      const client = new Database(':memory:')
      client.pragma('foreign_keys = ON')
      for (const sql of SQLITE) client.exec(sql)
      const sent: string[] = []
      const prepare = client.prepare.bind(client)
      Object.assign(client, {
        prepare(text: string) {
          sent.push(text)
          return prepare(text)
        },
      })
      return {
        db: () => connect(client),
        sent,
        async stop() {
          client.close()
        },
      }
    },
  }
}
