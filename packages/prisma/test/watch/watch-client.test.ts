import { type CacheEvents, createCache } from '@larder/core'
import { larderAdapter, prismaCache } from '@larder/prisma'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { ownClient } from '../../../testing/src/index.ts'
import { ADAPTERS, type AdapterDatabase, schemaFor } from '../support/adapters.ts'
import type { Clients } from '../support/watching.ts'

let database: AdapterDatabase
let clients: Clients
beforeAll(async () => {
  database = await (ADAPTERS['better-sqlite3'] as (typeof ADAPTERS)[string])()
  clients = await ownClient('watch-client', schemaFor(database.provider))
})
afterAll(async () => {
  await database.stop()
  await clients.remove()
})

const where = { id: 'x' }
const write = { where, update: { value: '2' }, create: { id: 'x', value: '1' } }

function client(adapter = database.adapter()) {
  const base = new clients.PrismaClient({ adapter })
  onTestFinished(() => base.$disconnect())
  return base
}

function extended(base: ReturnType<typeof client>) {
  const cache = createCache()
  const warnings: CacheEvents['warning'][] = []
  cache.on('warning', (event) => void warnings.push(event))
  onTestFinished(() => cache.close())
  const larder = prismaCache({ cache, datamodel: clients.datamodel, models: { '*': { ttl: '1h' } } })
  const codes = () => warnings.map(({ code }) => code)
  return { db: base.$extends(larder), codes }
}

it('warns that a client which has connected before cannot be watched, and does not change it', async () => {
  const base = client()
  await base.setting.upsert(write)
  const { db, codes } = extended(base)
  expect(codes().sort()).toEqual(['hidden-connection', 'unwatched-client'])
  expect(await db.setting.findUnique({ where })).toMatchObject(where)
  await base.$transaction((tx) => tx.setting.upsert(write))
})

it('watches a connected client if its adapter is wrapped', async () => {
  const base = client(larderAdapter(database.adapter()))
  await base.setting.upsert(write)
  const { db, codes } = extended(base)
  expect(codes()).toEqual([])
  await db.setting.findMany()
  await base.setting.upsert(write)
  expect(await db.setting.findMany()).toEqual(await base.setting.findMany())
  expect(codes()).toEqual(['unseen-write'])
})

it('does not change its adapter or another client that uses the adapter', async () => {
  const adapter = database.adapter()
  const { connect } = adapter
  const [base, other] = [client(adapter), client(adapter)]
  const { codes } = extended(base)
  expect(adapter.connect).toBe(connect)
  expect(Object.keys(adapter)).not.toContain('connect')
  await other.setting.upsert(write)
  expect(codes()).toEqual([])
  await base.setting.upsert(write)
  expect(codes()).toEqual(['unseen-write'])
})

it('invalidates both of two caches on one client by writes through either', async () => {
  const base = client()
  const [first, second] = [extended(base), extended(base)]
  await first.db.setting.upsert(write)
  for (const { db } of [first, second]) await db.setting.findMany()
  await first.db.setting.update({ where, data: { value: '7' } })
  for (const { db } of [first, second])
    expect(await db.setting.findMany()).toEqual(await base.setting.findMany())
  expect(first.codes()).toEqual([])
})

it('disconnects and connects again', async () => {
  const base = client()
  const { db } = extended(base)
  await db.setting.upsert(write)
  await base.$disconnect()
  expect(await db.setting.findMany()).toHaveLength(1)
})
