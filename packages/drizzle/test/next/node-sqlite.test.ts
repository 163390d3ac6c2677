import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { drizzle } from 'drizzle-orm/node-sqlite'
import { expect, it } from 'vitest'
import { SQLITE } from '../contract/ddl.ts'
import type { ContractDb, Driver } from '../contract/driver.ts'
import { schemaSqlite } from '../contract/schema-sqlite.ts'
import { hostContract } from '../contract/suite.ts'
import { SYNC } from '../drivers/sync-rules.ts'
import { relational } from './relational.ts'
import { relationRules } from './relations.ts'
import { relationsSqlite as relations } from './relations-sqlite.ts'

/** SQLite of Node itself, in memory: a synchronous driver without a package. */
const nodeSqlite: Driver = {
  name: 'node:sqlite',
  dialect: 'sqlite',
  concurrent: false,
  synchronous: true,
  schema: schemaSqlite,
  relational,
  async start() {
    const client = new DatabaseSync(':memory:')
    for (const sql of SQLITE) client.exec(sql)
    const sent: string[] = []
    const prepare = client.prepare.bind(client)
    client.prepare = (text) => {
      sent.push(text)
      return prepare(text)
    }
    return {
      db: () => drizzle({ client, relations }) as unknown as ContractDb,
      sent,
      async stop() {
        client.close()
      },
    }
  },
}

hostContract(nodeSqlite, [...SYNC, relationRules])

it('clients of one file share entries, and other databases have their own', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'larder-node-sqlite-'))
  const cache = createCache()
  const clients: DatabaseSync[] = []
  const open = (path: string, name: string) => {
    const client = new DatabaseSync(path)
    clients.push(client)
    client.exec('CREATE TABLE IF NOT EXISTS app_user (id int, email text, name text, role text)')
    client.prepare('INSERT INTO app_user (id, name) VALUES (1, ?)').run(name)
    const db = drizzleCache(drizzle({ client, relations }), {
      cache,
      schema: schemaSqlite,
      tables: { '*': { ttl: '1h' } },
    })
    const read = () => db.query.users.findFirst({ columns: { name: true } })
    return async () => {
      const { result, reads } = await cache.explain(async () => read())
      return `${result?.name} ${reads[0]?.source}`
    }
  }
  const file = join(folder, 'a.db')
  const [first, second] = [open(file, 'a'), open(`${folder}/./a.db`, 'again')]
  const others = [open(join(folder, 'b.db'), 'b'), open(':memory:', 'c'), open(':memory:', 'd')]
  expect([await first(), await second()]).toEqual(['a database', 'a memory'])
  expect(await Promise.all(others.map((read) => read()))).toEqual(['b database', 'c database', 'd database'])
  for (const client of clients) client.close()
  await cache.close()
  rmSync(folder, { recursive: true })
})

it('a statement that SQLite rejects leaves the cached reads as they are', async () => {
  const client = new DatabaseSync(':memory:')
  for (const sql of SQLITE) client.exec(sql)
  const cache = createCache()
  const db = drizzleCache(drizzle({ client, relations }), {
    cache,
    schema: schemaSqlite,
    tables: { '*': { ttl: '1h' } },
  })
  const users = schemaSqlite.users as never
  const read = () => (db as unknown as Reads).select().from(users).all()
  read()
  const add = () => (db as unknown as Reads).insert(users).values({ id: 1, email: 'a@x' }).run()
  add()
  read()
  expect(add).toThrow()
  const { reads } = await cache.explain(async () => read())
  expect(reads[0]?.source).toBe('memory')
  await cache.close()
  client.close()
})

interface Reads {
  select(): { from(table: never): { all(): unknown } }
  insert(table: never): { values(row: object): { run(): unknown } }
}
