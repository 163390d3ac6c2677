import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import Database from 'better-sqlite3'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { expect, it } from 'vitest'
import { schemaSqlite } from '../contract/schema-sqlite.ts'
import { hostContract } from '../contract/suite.ts'
import { betterSqlite3 } from './better-sqlite3.ts'
import { SYNC } from './sync-rules.ts'

// libSQL runs the contract with every form of SQL.
hostContract({ ...betterSqlite3, second: true }, SYNC)

it('a prepared query of an unknown form is refused, because its statements would not be seen', () => {
  const client = new Database(':memory:')
  const base = drizzle(client, { schema: schemaSqlite })
  const { session } = base as unknown as { session: { prepareQuery(...parameters: unknown[]): object } }
  const { prepareQuery } = session
  session.prepareQuery = (...parameters) =>
    Object.assign(prepareQuery.apply(session, parameters), { stmt: undefined })
  client.exec('CREATE TABLE app_user (id int, email text, name text, role text)')
  const db = drizzleCache(base, { cache: createCache(), tables: { '*': { ttl: '1h' } } })
  expect(() =>
    db
      .select()
      .from(schemaSqlite.users as never)
      .all(),
  ).toThrow(/does not know the prepared queries/)
  client.close()
})
