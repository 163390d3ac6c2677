import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { drizzleCache } from '@larder/drizzle'
import { type Datamodel, prismaCache } from '@larder/prisma'
import { makeDataFolder, type OwnClient, ownClient, repeatWhenBusy, startPglite } from '@larder/testing'
import { createClient } from '@libsql/client'
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import Database from 'better-sqlite3'
import { eq } from 'drizzle-orm'
import { drizzle as overBetterSqlite } from 'drizzle-orm/better-sqlite3'
import { drizzle as overLibsql } from 'drizzle-orm/libsql'
import { pgTable, varchar } from 'drizzle-orm/pg-core'
import { drizzle as overPglite } from 'drizzle-orm/pglite'
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { PrismaPGlite } from 'pglite-prisma-adapter'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { PrismaClient } from '../../prisma/generated/client/client.ts'
import { type ClassifiedLoads, classifiedLoads } from '../support/outage-cases.ts'

repeatWhenBusy()

// Drivers without a server of their own kind, and libSQL over a server that is played.

const settings = sqliteTable('app_setting', { id: text().primaryKey(), value: text().notNull() })
const missing = sqliteTable('missing', { id: text().primaryKey() })
const schema = { settings, missing }
const tables = { '*': { ttl: '1h' } } as const
const CREATE = 'CREATE TABLE app_setting (id varchar(40) PRIMARY KEY, value varchar(40) NOT NULL)'

const schemaFor = (provider: string): string => `datasource db {
  provider = "${provider}"
}
model Setting {
  id    String @id
  value String
  @@map("app_setting")
}
model Missing {
  id String @id
}
`
/** Of a schema with one more model, whose table nobody makes. */
type Client = PrismaClient & { readonly missing: { findMany(): Promise<unknown> } }
type GeneratedClient = OwnClient<new (options: object) => Client, Datamodel>

let sqlite: GeneratedClient
let postgres: GeneratedClient
let folder: string
let loads: ClassifiedLoads
const closing: (() => unknown)[] = []

beforeAll(async () => {
  sqlite = await ownClient('outage-sqlite', schemaFor('sqlite'))
  postgres = await ownClient('outage-pglite', schemaFor('postgresql'))
})
afterAll(() => Promise.all([sqlite.remove(), postgres.remove()]))
beforeEach(() => {
  folder = makeDataFolder('outage')
  loads = classifiedLoads()
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
  await loads.cache.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Whether the load of a failing read was classified as an unreachable database. */
async function wasUnreachable(read: () => unknown): Promise<boolean | undefined> {
  const before = loads.unreachable.length
  await expect((async () => read())()).rejects.toBeInstanceOf(Error)
  expect(loads.unreachable).toHaveLength(before + 1)
  return loads.unreachable.at(-1)
}

function prismaOver(generated: GeneratedClient, adapter: SqlDriverAdapterFactory): Client {
  const base = new generated.PrismaClient({ adapter, errorFormat: 'minimal' })
  closing.push(() => base.$disconnect())
  const models = { '*': { ttl: '1h' } } as const
  const extension = prismaCache({ cache: loads.cache, datamodel: generated.datamodel, models })
  return base.$extends(extension) as unknown as Client
}

/** A database in a file, with a table. */
function databaseFile(): { readonly path: string; run(sql: string): void } {
  const path = join(folder, 'test.db')
  const run = (text: string): void => {
    const locker = new Database(path)
    locker.exec(text)
    locker.close()
  }
  // With a write-ahead log, readers would not wait for a writer.
  run('PRAGMA journal_mode = DELETE')
  run(CREATE)
  return { path, run }
}

const HOLDER = `
import Database from 'better-sqlite3'
// A database that nothing refers to would be closed.
globalThis.database = new Database(process.argv[1])
database.exec('BEGIN EXCLUSIVE')
console.log('locked')
process.stdin.resume()
`

/** Runs `body` while another process has locked the file. */
async function whileLocked(path: string, body: () => Promise<void>): Promise<void> {
  const holder = spawn(process.execPath, ['--input-type=module', '--eval', HOLDER, path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exit = once(holder, 'exit')
  try {
    await once(holder.stdout, 'data')
    await body()
  } finally {
    holder.kill()
    await exit
  }
}

describe('outages of SQLite in this process', () => {
  it('with better-sqlite3 through Drizzle, a lock held for too long counts, and an error or a closed database never does', async () => {
    const { path, run } = databaseFile()
    const client = new Database(path, { timeout: 30 })
    const db = drizzleCache(overBetterSqlite(client), { cache: loads.cache, schema, tables })
    const read = (id: string) => db.select().from(settings).where(eq(settings.id, id)).all()
    expect(read('0')).toEqual([])
    await whileLocked(path, async () => {
      expect(await wasUnreachable(() => read('1'))).toBe(true)
    })
    expect(read('1')).toEqual([])
    const prepared = db.select().from(settings).prepare()
    run('ALTER TABLE app_setting RENAME TO other_setting')
    expect(await wasUnreachable(() => prepared.all())).toBe(false)
    run('ALTER TABLE other_setting RENAME TO app_setting')
    client.close()
    expect(await wasUnreachable(() => prepared.all())).toBe(false)
  })

  it('with libSQL through Drizzle, a lock held for too long counts, and an error or a closed client never does', async () => {
    const { path } = databaseFile()
    const client = createClient({ url: `file:${path}` })
    const db = drizzleCache(overLibsql(client), { cache: loads.cache, schema, tables })
    const read = (id: string) => db.select().from(settings).where(eq(settings.id, id))
    expect(await read('0')).toEqual([])
    await whileLocked(path, async () => {
      expect(await wasUnreachable(() => read('1'))).toBe(true)
    })
    expect(await read('1')).toEqual([])
    expect(await wasUnreachable(() => db.select().from(missing))).toBe(false)
    client.close()
    expect(await wasUnreachable(() => read('2'))).toBe(false)
  })

  it.each([
    ['better-sqlite3', (path: string) => new PrismaBetterSqlite3({ url: `file:${path}`, timeout: 30 })],
    ['libSQL', (path: string) => new PrismaLibSql({ url: `file:${path}` })],
  ] as const)(
    'with %s through Prisma, a lock held for too long counts, and a missing table never does',
    async (_, make) => {
      const { path } = databaseFile()
      const db = prismaOver(sqlite, make(path))
      const read = (id: string) => db.setting.findUnique({ where: { id } as never })
      expect(await read('0')).toBeNull()
      await whileLocked(path, async () => {
        expect(await wasUnreachable(() => read('1'))).toBe(true)
      })
      expect(await read('1')).toBeNull()
      expect(await wasUnreachable(() => db.missing.findMany())).toBe(false)
    },
  )
})

describe('outages of PGlite, which is always reachable', () => {
  it('no error of Drizzle counts, not even that of a closed database', async () => {
    const pglite = await startPglite()
    const settings = pgTable('app_setting', { id: varchar().primaryKey() })
    const db = drizzleCache(overPglite(pglite), { cache: loads.cache, schema: { settings }, tables })
    expect(await wasUnreachable(() => db.select().from(settings))).toBe(false)
    await pglite.close()
    expect(await wasUnreachable(() => db.select().from(settings))).toBe(false)
  })

  it('no error of Prisma counts, not even that of a closed database', async () => {
    const pglite = await startPglite()
    const db = prismaOver(postgres, new PrismaPGlite(pglite))
    expect(await wasUnreachable(() => db.setting.findMany())).toBe(false)
    await pglite.close()
    expect(await wasUnreachable(() => db.setting.findMany())).toBe(false)
  })
})

/** A server that plays libSQL's: it answers every request with a status, or ends the connection. */
async function playServer(status: number | 'hang up'): Promise<Server> {
  const server = createServer((request, response) => {
    if (status === 'hang up') request.socket.destroy()
    else response.writeHead(status, { 'content-type': 'text/plain' }).end('made up')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return server
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port

describe('a remote libSQL server', () => {
  /** Reads through both ORMs. */
  const readsOver = (url: string): readonly (() => unknown)[] => {
    const client = createClient({ url })
    const drizzle = drizzleCache(overLibsql(client), { cache: loads.cache, schema, tables })
    const prisma = prismaOver(sqlite, new PrismaLibSql({ url }))
    closing.push(() => client.close())
    return [() => drizzle.select().from(settings), () => prisma.setting.findMany()]
  }

  it.each(['http', 'ws'])('is unreachable by %s if nothing listens on the port', async (protocol) => {
    const server = await playServer(503)
    const port = portOf(server)
    await new Promise((resolve) => server.close(resolve))
    for (const read of readsOver(`${protocol}://127.0.0.1:${port}`))
      expect(await wasUnreachable(read)).toBe(true)
  })

  it.each(['http', 'ws'])(
    'is unreachable by %s if it closes each connection immediately',
    async (protocol) => {
      const port = portOf(await playServer('hang up'))
      for (const read of readsOver(`${protocol}://127.0.0.1:${port}`))
        expect(await wasUnreachable(read)).toBe(true)
    },
  )

  it.each([502, 503, 504])('is unreachable if a gateway answers %i', async (status) => {
    const port = portOf(await playServer(status))
    for (const read of readsOver(`http://127.0.0.1:${port}`)) expect(await wasUnreachable(read)).toBe(true)
  })

  it.each([400, 401, 403, 404, 500])('is reachable if it answers %i', async (status) => {
    const port = portOf(await playServer(status))
    for (const read of readsOver(`http://127.0.0.1:${port}`)) expect(await wasUnreachable(read)).toBe(false)
  })
})
