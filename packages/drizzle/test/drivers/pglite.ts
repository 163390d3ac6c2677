import type { PGlite } from '@electric-sql/pglite'
import { startPglite } from '@larder/testing'
import { drizzle } from 'drizzle-orm/pglite'
import { POSTGRES } from '../contract/ddl.ts'
import type { ContractDb, Driver } from '../contract/driver.ts'
import * as schema from '../contract/schema-pg.ts'

/** PGlite: one connection, which an open transaction occupies. */
export const pglite: Driver = pgliteBy((client) => drizzle(client, { schema }) as unknown as ContractDb)

/** The same with the db of another version of Drizzle. */
export function pgliteBy(connect: (client: PGlite) => ContractDb): Driver {
  return {
    name: 'PGlite',
    dialect: 'postgres',
    concurrent: false,
    schema,
    async start() {
      const sent: string[] = []
      const client = await startPglite()
      for (const sql of POSTGRES) await client.exec(sql)
      await client.exec(
        'ALTER SEQUENCE app_user_id_seq RESTART 1000; ALTER SEQUENCE blog_post_id_seq RESTART 1000',
      )
      const watched = listening(client, sent)
      return {
        db: () => connect(watched),
        sent,
        stop: () => client.close(),
      }
    },
  }
}

function listening<C extends object>(client: C, sent: string[]): C {
  return new Proxy(client, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target)
      if (typeof value !== 'function') return value
      if (property === 'query')
        return (...parameters: unknown[]) => {
          sent.push(String(parameters[0]))
          return value.apply(target, parameters)
        }
      if (property === 'transaction')
        return (body: (tx: object) => unknown) =>
          value.call(target, (tx: object) => body(listening(tx, sent)))
      return value.bind(target)
    },
  })
}
