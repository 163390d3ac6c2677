import { setTimeout as wait } from 'node:timers/promises'
import { type Cache, createCache, type PolicyOptions } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { type Datamodel, prismaCache } from '@larder/prisma'
import { type OwnClient, ownClient, ownProcess, repeatWhenBusy, valkeyUrl } from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import { PrismaPg } from '@prisma/adapter-pg'
import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { pgTable, varchar } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { PrismaClient } from '../../prisma/generated/client/client.ts'
import { type OutageServer, startOutagePostgres } from '../support/outage-servers.ts'

repeatWhenBusy()

// Expired entries on a real Valkey, while a real PostgreSQL is killed, paused, full or broken.

const TTL = 300
const policy: PolicyOptions = { ttl: TTL, jitter: 0, refreshAhead: false, staleIfError: '1h' }
const DRIVER = { max: 1, connectionTimeoutMillis: 700, query_timeout: 1_500 }

/** One process: a client of the database, and its cache. */
interface App {
  readonly cache: Cache
  read(id: number): Promise<string | undefined>
  write(id: number, value: string): Promise<unknown>
  close(): Promise<unknown>
}

const settings = pgTable('app_setting', {
  id: varchar({ length: 40 }).primaryKey(),
  value: varchar({ length: 40 }).notNull(),
})

let generated: OwnClient<typeof PrismaClient, Datamodel>
beforeAll(async () => {
  generated = await ownClient(
    'stale-if-error',
    `datasource db {
  provider = "postgresql"
}
model Setting {
  id    String @id @db.VarChar(40)
  value String @db.VarChar(40)
  @@map("app_setting")
}
`,
  )
})
afterAll(() => generated.remove())

const ORMS = {
  drizzle(url: string, cache: Cache, options: PolicyOptions): Omit<App, 'cache'> {
    const pool = new pg.Pool({ connectionString: url, ...DRIVER })
    pool.on('error', () => {})
    pool.on('connect', (client) => client.on('error', () => {}))
    const db = drizzleCache(drizzle(pool), { cache, schema: { settings }, tables: { settings: options } })
    return {
      read: async (id) =>
        (
          await db
            .select()
            .from(settings)
            .where(eq(settings.id, `${id}`))
        )[0]?.value,
      write: (id, value) =>
        db
          .update(settings)
          .set({ value })
          .where(eq(settings.id, `${id}`)),
      close: () => pool.end(),
    }
  },
  prisma(url: string, cache: Cache, options: PolicyOptions): Omit<App, 'cache'> {
    const quiet = { onPoolError: () => {}, onConnectionError: () => {} }
    const adapter = new PrismaPg({ connectionString: url, ...DRIVER }, quiet)
    const base = new generated.PrismaClient({ adapter, errorFormat: 'minimal' })
    const extension = prismaCache({ cache, datamodel: generated.datamodel, models: { Setting: options } })
    const db = base.$extends(extension) as unknown as PrismaClient
    const where = (id: number) => ({ id: `${id}` }) as never
    return {
      read: async (id) => (await db.setting.findUnique({ where: where(id) }))?.value as string | undefined,
      write: (id, value) => db.setting.update({ where: where(id), data: { value } }),
      close: () => base.$disconnect(),
    }
  },
}

let server: OutageServer
let namespace: string
let count = 0
const apps: App[] = []

beforeAll(async () => {
  server = await startOutagePostgres()
})
afterAll(() => server.stop())
beforeEach(() => {
  namespace = `outage-${process.pid}-${count++}`
})
afterEach(async () => {
  server.resume()
  await Promise.all(apps.splice(0).map((app) => app.close().catch(() => {})))
  await server.start()
})

async function start(orm: keyof typeof ORMS, options: PolicyOptions = policy): Promise<App> {
  const store = ownProcess(valkeyStore(await valkeyUrl()))
  await store.ping()
  const cache = createCache({ store, namespace })
  // The test server has no memory limit, which is a warning.
  cache.on('warning', () => {})
  const { close, ...client } = ORMS[orm](server.url, cache, options)
  const app: App = { ...client, cache, close: () => Promise.all([close(), cache.close()]) }
  apps.push(app)
  return app
}

/** What a read returned, and where it came from. */
async function explained(
  { cache, read }: App,
  id: number,
): Promise<readonly [string | undefined, string | undefined]> {
  const { result, reads } = await cache.explain(() => read(id))
  return [result, reads[0]?.source]
}

/** Reads until the entry is stored, then waits until it has expired. */
async function expire(app: App, id: number): Promise<string | undefined> {
  let [value, source] = await explained(app, id)
  for (let time = 0; time < 50 && source !== 'memory' && source !== 'store'; time++) {
    await wait(5)
    ;[value, source] = await explained(app, id)
  }
  expect(['memory', 'store']).toContain(source)
  await wait(TTL + 50)
  return value
}

describe.each(['drizzle', 'prisma'] as const)('staleIfError through %s', (orm) => {
  it('serves the expired row while the server is dead, and the fresh row when it is back', async () => {
    const app = await start(orm)
    const value = await expire(app, 1)
    await server.kill()
    expect(await explained(app, 1)).toEqual([value, 'stale'])
    expect(await explained(app, 1)).toEqual([value, 'stale'])
    expect(app.cache.stats()).toMatchObject({ stale: 2 })
    await server.start()
    await server.run(`UPDATE app_setting SET value = 'changed ${orm}' WHERE id = '1'`)
    await expect.poll(() => explained(app, 1)).toEqual([`changed ${orm}`, 'database'])
  })

  it('serves the expired row while the server hangs, and does not wait for it each time', async () => {
    const app = await start(orm)
    const value = await expire(app, 2)
    server.pause()
    expect(await explained(app, 2)).toEqual([value, 'stale'])
    const began = performance.now()
    for (let time = 0; time < 50; time++) expect(await explained(app, 2)).toEqual([value, 'stale'])
    // At most one read a second asks the server, for as long as its driver waits.
    expect(performance.now() - began).toBeLessThan(8_000)
  })

  it('serves the expired row while the server has too many connections', async () => {
    const first = await start(orm)
    const value = await expire(first, 3)
    const other = await start(orm)
    const empty = await server.fill()
    // It has no connection yet, and finds the entry of the other process in the store.
    expect(await explained(other, 3)).toEqual([value, 'stale'])
    await empty()
  })

  it('passes on an error of the query itself', async () => {
    const app = await start(orm)
    await expire(app, 4)
    await server.run('ALTER TABLE app_setting RENAME TO other_setting')
    const outcome = await app.read(4).then(
      () => 'served',
      () => 'failed',
    )
    await server.run('ALTER TABLE other_setting RENAME TO app_setting')
    expect(outcome).toBe('failed')
    expect(app.cache.stats().stale).toBe(0)
  })

  it('never serves an entry that was invalidated before the server died', async () => {
    const app = await start(orm)
    const other = await start(orm)
    await expire(app, 5)
    await other.write(5, `new ${orm}`)
    await server.kill()
    await expect(app.read(5)).rejects.toThrow()
    await expect(other.read(5)).rejects.toThrow()
    expect(app.cache.stats().stale + other.cache.stats().stale).toBe(0)
  })

  it('never serves an entry that is invalidated while the server is dead', async () => {
    const app = await start(orm)
    const value = await expire(app, 6)
    await server.kill()
    expect(await explained(app, 6)).toEqual([value, 'stale'])
    await app.cache.invalidate({ tables: ['app_setting'] })
    await expect(app.read(6)).rejects.toThrow()
  })

  it('never serves an entry whose write failed with an unknown outcome', async () => {
    const app = await start(orm)
    await expire(app, 7)
    const release = await server.block()
    const write = app.write(7, 'lost').then(
      () => 'written',
      () => 'failed',
    )
    await server.waiting()
    await server.kill()
    expect(await write).toBe('failed')
    await release()
    await expect(app.read(7)).rejects.toThrow()
  })

  it('passes on the error once the entry has been expired for longer than staleIfError', async () => {
    const app = await start(orm, { ...policy, staleIfError: 1_000 })
    const value = await expire(app, 8)
    await server.kill()
    expect(await explained(app, 8)).toEqual([value, 'stale'])
    await wait(1_100)
    await expect(app.read(8)).rejects.toThrow()
  })

  it('passes on the error of a read that has no entry', async () => {
    const app = await start(orm)
    await expire(app, 9)
    await server.kill()
    await expect(app.read(0)).rejects.toThrow()
  })
})
