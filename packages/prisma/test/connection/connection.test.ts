import { readFileSync } from 'node:fs'
import { PGlite } from '@electric-sql/pglite'
import { type Cache, createCache } from '@larder/core'
import type { Connection, Host } from '@larder/core/host'
import { type ConnectionCase, expectDistinctConnections } from '@larder/testing'
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { PrismaMariaDb } from '@prisma/adapter-mariadb'
import { PrismaPg } from '@prisma/adapter-pg'
import type { SqlDriverAdapterFactory } from '@prisma/client/runtime/client'
import pg from 'pg'
import { PrismaPGlite } from 'pglite-prisma-adapter'
import { expect, it } from 'vitest'
import { PrismaClient } from '../../../../prisma/generated/client/client.ts'
import { connectionOf as sourceOf } from '../../src/connection/connection.ts'
import { prismaCache } from '../../src/index.ts'

// What each driver adapter is connected to, without a connection.

type Make = () => SqlDriverAdapterFactory
interface Case extends ConnectionCase<Make> {
  /** The package of the adapter. */
  readonly adapter: string
}

const SHOP = { host: 'db.example', port: 6000, user: 'app', password: 'secret', database: 'shop' }
const URL_OF_SHOP = 'postgres://app:secret@db.example:6000/shop'
const memory = new PGlite()
const parser = (_oid: number, value: unknown): unknown => value
const maria = new PrismaMariaDb({ host: 'db.example', user: 'app', database: 'shop' })
const sqlite = new PrismaBetterSqlite3({ url: ':memory:' })
const libsql = new PrismaLibSql({ url: ':memory:' })

const CASES: Readonly<Record<string, Case>> = {
  PrismaPg: {
    adapter: '@prisma/adapter-pg',
    same: [
      () => new PrismaPg(URL_OF_SHOP),
      () => new PrismaPg({ connectionString: URL_OF_SHOP, max: 3 }),
      () => new PrismaPg(SHOP),
      () => new PrismaPg(new pg.Pool(SHOP)),
      // What somebody puts around an adapter, as long as it shows what the adapter shows.
      () => Object.create(new PrismaPg(SHOP)),
    ],
    others: {
      host: () => new PrismaPg({ ...SHOP, host: 'db2.example' }),
      port: () => new PrismaPg(new pg.Pool({ ...SHOP, port: 6001 })),
      database: () => new PrismaPg(`${URL_OF_SHOP}2`),
      user: () => new PrismaPg({ ...SHOP, user: 'admin' }),
      schema: () => new PrismaPg(SHOP, { schema: 'tenant' }),
      'schema over a pool': () => new PrismaPg(new pg.Pool(SHOP), { schema: 'tenant2' }),
      'the role': () => new PrismaPg({ ...SHOP, options: '-c role=reader' }),
      'the time zone, in the URL': () => new PrismaPg(`${URL_OF_SHOP}?options=-c%20timezone%3DUTC`),
      'a parser of types of the user': () => new PrismaPg(SHOP, { userDefinedTypeParser: parser as never }),
    },
  },
  PrismaPGlite: {
    adapter: 'pglite-prisma-adapter',
    same: [() => new PrismaPGlite(memory), () => new PrismaPGlite(memory)],
    others: { 'memory again': () => new PrismaPGlite(new PGlite()) },
  },
  'PrismaMariaDb, before it is connected': {
    adapter: '@prisma/adapter-mariadb',
    same: [() => maria, () => maria],
    others: {
      'another adapter': () => new PrismaMariaDb({ host: 'db.example', user: 'app', database: 'shop' }),
    },
  },
  'PrismaBetterSqlite3, before it is connected': {
    adapter: '@prisma/adapter-better-sqlite3',
    same: [() => sqlite, () => sqlite],
    others: { 'another adapter': () => new PrismaBetterSqlite3({ url: ':memory:' }) },
  },
  'PrismaLibSql, before it is connected': {
    adapter: '@prisma/adapter-libsql',
    same: [() => libsql, () => libsql],
    others: { 'another adapter': () => new PrismaLibSql({ url: ':memory:' }) },
  },
}

/** The connection that `prismaCache` gives the cache for a client over `adapter`. */
async function connectionOf(adapter: SqlDriverAdapterFactory): Promise<string> {
  // The repository's client is one of PostgreSQL, and takes no other adapter.
  const source =
    adapter.provider === 'postgres' ? attached(adapter) : sourceOf({ _engineConfig: { adapter } })
  await source?.whenKnown
  const { place, settings } = source?.current(true) ?? ({} as Partial<Connection>)
  if (place === undefined) throw new Error('no connection')
  return JSON.stringify([place, settings])
}

function attached(adapter: SqlDriverAdapterFactory): Host['connection'] {
  const cache = createCache()
  let source: Host['connection']
  const watching: Cache = {
    ...cache,
    attach(host: Host) {
      source = host.connection
      return cache.attach(host)
    },
  }
  new PrismaClient({ adapter }).$extends(prismaCache({ cache: watching, models: { '*': { ttl: '1m' } } }))
  return source
}

it.each(Object.entries(CASES))(
  '%s: connections are equal in any notation, and any other setting makes them different',
  async (_, connections) =>
    await expectDistinctConnections<Make>(connections, async (make) => await connectionOf(make())),
)

it('every installed adapter is covered by the connection tests', () => {
  const root = JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8'))
  const installed = Object.keys(root.devDependencies).filter((name) =>
    /^@prisma\/adapter-|prisma-adapter$/.test(name),
  )
  expect(installed.sort()).toEqual([...new Set(Object.values(CASES).map(({ adapter }) => adapter))].sort())
})

it('the identity of an adapter is determined without connecting it', async () => {
  let connected = 0
  class Counting extends PrismaPg {
    override connect() {
      connected++
      return super.connect()
    }
  }
  await connectionOf(new Counting(SHOP))
  expect(connected).toBe(0)
})

it('an adapter without a known connection is a database of its own, and a warning reports it', () => {
  const { provider, adapterName, connect } = new PrismaPg(SHOP)
  const cache = createCache()
  const codes: string[] = []
  cache.on('warning', ({ code }) => codes.push(code))
  const base = new PrismaClient({ adapter: { provider, adapterName, connect } as SqlDriverAdapterFactory })
  base.$extends(prismaCache({ cache, models: { '*': { ttl: '1m' } } }))
  expect(codes).toEqual(['hidden-connection'])
})
