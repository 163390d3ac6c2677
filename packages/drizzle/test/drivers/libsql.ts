import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { makeDataFolder } from '@larder/testing'
import { type Client, createClient } from '@libsql/client'
import { drizzle } from 'drizzle-orm/libsql'
import { SQLITE } from '../contract/ddl.ts'
import type { ContractDb, Driver } from '../contract/driver.ts'
import { schemaSqlite } from '../contract/schema-sqlite.ts'

/** libSQL on a temporary file. */
export const libsql: Driver = libsqlBy(
  (client) => drizzle(client, { schema: schemaSqlite }) as unknown as ContractDb,
)

/** The same with the db of another version of Drizzle. */
export function libsqlBy(connect: (client: Client) => ContractDb): Driver {
  return {
    name: 'libSQL',
    dialect: 'sqlite',
    concurrent: false,
    schema: schemaSqlite,
    async start() {
      const folder = makeDataFolder('libsql')
      const sent: string[] = []
      const client = createClient({ url: `file:${join(folder, 'test.db')}` })
      await client.executeMultiple(`${SQLITE.join(';')};`)
      const watched = listening(client, sent)
      return {
        db: () => connect(watched),
        sent,
        async stop() {
          client.close()
          rmSync(folder, { recursive: true, force: true })
        },
      }
    },
  }
}

function listening(client: Client, sent: string[]): Client {
  return new Proxy(client, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target)
      if (typeof value !== 'function') return value
      return (...parameters: unknown[]) => {
        const [first] = parameters
        if (property === 'execute')
          sent.push(typeof first === 'string' ? first : String((first as { sql?: unknown }).sql))
        return value.apply(target, parameters)
      }
    },
  })
}
