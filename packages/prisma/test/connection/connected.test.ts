import { EventEmitter } from 'node:events'
import { createCache, memoryStore } from '@larder/core'
import { larderAdapter, prismaCache } from '@larder/prisma'
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import type { SqlDriverAdapterFactory } from '@prisma/client/runtime/client'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { PrismaClient } from '../../../../prisma/generated/client/client.ts'
import { ownClient } from '../../../testing/src/index.ts'
import { connectedSource } from '../../src/connection/connected.ts'
import { ADAPTERS, type AdapterDatabase, schemaFor } from '../support/adapters.ts'
import type { Clients } from '../support/watching.ts'

// Adapters that hide their configuration: what they are connected to is known once they are connected.

const where = { id: 'a' }

async function clientsFor(provider: AdapterDatabase['provider']): Promise<Clients> {
  const clients: Clients = await ownClient(`connected-${provider}`, schemaFor(provider))
  afterAll(() => clients.remove())
  return clients
}

/** A client with a cache of its own, as another process would have it, on a store that others may share. */
function another(
  clients: Clients,
  adapter: SqlDriverAdapterFactory,
  store = memoryStore({ isolated: true }),
) {
  const base = new clients.PrismaClient({ adapter })
  const cache = createCache({ store })
  const codes: string[] = []
  cache.on('warning', ({ code }) => codes.push(code))
  const { datamodel } = clients
  const db = base.$extends(
    prismaCache({ cache, datamodel, models: { '*': { ttl: '1h' } } }),
  ) as unknown as PrismaClient
  onTestFinished(async () => {
    await base.$disconnect()
    await cache.close()
  })
  const source = async (read: () => Promise<unknown> = () => db.setting.findUnique({ where })) => {
    const { reads } = await cache.explain(read)
    return reads.map((read) => read.source)
  }
  return { db, base, codes, source }
}

describe.each(['MariaDB', 'better-sqlite3', 'libSQL'])('%s', (name) => {
  let database: AdapterDatabase
  let clients: Clients
  beforeAll(async () => {
    database = await (ADAPTERS[name] as (typeof ADAPTERS)[string])()
    clients = await clientsFor(database.provider)
  })
  afterAll(() => database.stop())

  it('processes over one database share entries without a database name and without a warning', async () => {
    const store = memoryStore({ isolated: true })
    const first = another(clients, database.adapter(), store)
    await first.db.setting.upsert({ where, update: { value: '1' }, create: { ...where, value: '1' } })
    await first.source()
    expect(await first.source()).toEqual(['memory'])
    const other = another(clients, database.adapter(), store)
    await other.source(() => other.db.setting.count())
    expect(await other.source()).toEqual(['memory'])
    await other.db.setting.update({ where, data: { value: '2' } })
    expect(await first.db.setting.findUnique({ where })).toEqual({ ...where, value: '2' })
    expect([...first.codes, ...other.codes]).toEqual([])
  })

  it('the first read of a process is cached for this process only', async () => {
    const client = another(clients, database.adapter())
    const [first, joined] = await Promise.all([client.source(), client.source()])
    expect([first, joined]).toEqual([['database'], ['database']])
    expect(client.codes).toEqual([])
  })
})

describe('in-memory databases', () => {
  const makers: readonly (() => SqlDriverAdapterFactory)[] = [
    () => new PrismaBetterSqlite3({ url: ':memory:' }),
    () => new PrismaLibSql({ url: ':memory:' }),
  ]
  let clients: Clients
  beforeAll(async () => {
    clients = await clientsFor('sqlite')
  })
  const fill = async ({ db }: { readonly db: PrismaClient }, value: string) => {
    await db.$executeRawUnsafe('CREATE TABLE app_setting (id TEXT PRIMARY KEY, value TEXT NOT NULL)')
    await db.$executeRawUnsafe(`INSERT INTO app_setting VALUES ('a', '${value}')`)
  }

  it.each(makers)('do not share entries between connections', async (make) => {
    const store = memoryStore({ isolated: true })
    const [first, second] = [another(clients, make(), store), another(clients, make(), store)]
    await fill(first, '1')
    await fill(second, '2')
    for (let time = 0; time < 3; time++) {
      expect(await first.db.setting.findUnique({ where })).toEqual({ ...where, value: '1' })
      expect(await second.db.setting.findUnique({ where })).toEqual({ ...where, value: '2' })
    }
  })

  it('are not read from the cache of the previous database after a client reconnects', async () => {
    const client = another(clients, (makers[0] as () => SqlDriverAdapterFactory)())
    await fill(client, '1')
    for (let time = 0; time < 3; time++) await client.db.setting.findUnique({ where })
    await client.base.$disconnect()
    await client.db.$queryRaw`SELECT 1`
    await expect(client.db.setting.findUnique({ where })).rejects.toThrow('does not exist')
  })

  it('bypass the cache if clients share an adapter that cannot distinguish them', async () => {
    const store = memoryStore({ isolated: true })
    const adapter = larderAdapter((makers[0] as () => SqlDriverAdapterFactory)())
    const [first, second] = [another(clients, adapter, store), another(clients, adapter, store)]
    await fill(first, '1')
    await fill(second, '2')
    for (let time = 0; time < 3; time++) {
      expect(await first.db.setting.findUnique({ where })).toEqual({ ...where, value: '1' })
      expect(await second.db.setting.findUnique({ where })).toEqual({ ...where, value: '2' })
    }
  })
})

describe('the identity of a MariaDB pool', () => {
  const options = { host: 'db.example', port: 3306, database: 'shop', user: 'app', timezone: 'Z' }
  const shown = (opts: object, mariadbOptions?: object) => {
    const source = connectedSource('one')
    const client = new EventEmitter()
    source.connected({ adapterName: '@prisma/adapter-mariadb', client, mariadbOptions })
    client.emit('acquire', { opts })
    return source.current(true)
  }

  it('contains host, port, database, socket and the settings that change rows', () => {
    const others = [
      { ...options, host: 'db2.example' },
      { ...options, port: 3307 },
      { ...options, database: 'shop2' },
      { ...options, socketPath: '/run/mysqld.sock' },
      { ...options, timezone: '+02:00' },
      { ...options, initSql: 'SET ROLE reader' },
      { ...options, sessionVariables: { sql_mode: '' } },
    ]
    const texts = [options, ...others].map((opts) => JSON.stringify(shown(opts)))
    expect(new Set([...texts, JSON.stringify(shown(options, { useTextProtocol: true }))]).size).toBe(9)
    expect(shown({ ...options, user: 'other', password: 'secret' })).toEqual(shown(options))
    expect(JSON.stringify(shown({ ...options, password: 'secret' }))).not.toContain('secret')
  })

  it.each([
    ['hides its options', {}],
    ['creates its own streams', { ...options, stream: () => {} }],
  ])('is hidden if the pool %s', (_, opts) => {
    expect(shown(opts)).toMatchObject({ hidden: true, place: expect.stringMatching(/^object:/) })
  })

  it('is hidden if it is not a pool of the driver', () => {
    const source = connectedSource('one')
    source.connected({ adapterName: '@prisma/adapter-mariadb', client: {} })
    expect(source.current(true)).toMatchObject({ hidden: true })
  })
})
