import { once } from 'node:events'
import { createServer } from 'node:net'
import { drizzleCache } from '@larder/drizzle'
import { postgresUrl } from '@larder/testing'
import { createClient } from '@libsql/client'
import { drizzle as libsqlDrizzle } from 'drizzle-orm/libsql'
import { drizzle as nodePostgresDrizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable } from 'drizzle-orm/pg-core'
import { int, sqliteTable } from 'drizzle-orm/sqlite-core'
import pg from 'pg'
import { afterEach, expect, it } from 'vitest'
import { classifiedLoads } from '../../../../test/support/outage-cases.ts'

// What this version of Drizzle wraps an error in. The drivers themselves are tested in test/outage.

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A port where nobody listens. */
async function deadPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

const tables = { items: { ttl: '1h' } } as const
const missing = pgTable('missing', { id: integer().primaryKey() })

function readOverPostgres(connectionString: string) {
  const loads = classifiedLoads()
  const client = new pg.Pool({ connectionString, max: 1 })
  closing.push(() => client.end())
  const db = drizzleCache(nodePostgresDrizzle({ client }), {
    cache: loads.cache,
    schema: { items: missing },
    tables,
  })
  return { loads, read: () => db.select().from(missing) }
}

it('node-postgres: a dead server counts as an outage, and a missing table does not', async () => {
  const dead = readOverPostgres(`postgresql://nobody@127.0.0.1:${await deadPort()}/none`)
  await expect(dead.read()).rejects.toThrow()
  expect(dead.loads.unreachable).toEqual([true])
  const alive = readOverPostgres(await postgresUrl())
  await expect(alive.read()).rejects.toThrow()
  expect(alive.loads.unreachable).toEqual([false])
})

it('libSQL: a dead server counts as an outage, and a missing table does not', async () => {
  const items = sqliteTable('missing', { id: int().primaryKey() })
  for (const [url, unreachable] of [
    [`http://127.0.0.1:${await deadPort()}`, true],
    [':memory:', false],
  ] as const) {
    const loads = classifiedLoads()
    const client = createClient({ url })
    closing.push(() => client.close())
    const db = drizzleCache(libsqlDrizzle({ client }), { cache: loads.cache, schema: { items }, tables })
    await expect(db.select().from(items)).rejects.toThrow()
    expect(loads.unreachable).toEqual([unreachable])
  }
})
