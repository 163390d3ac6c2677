import type { Change } from '@larder/core/host'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { PrismaClient } from '../../../../prisma/generated/client/client.ts'
import { ownClient } from '../../../testing/src/index.ts'
import { ADAPTERS, type AdapterDatabase, schemaFor } from '../support/adapters.ts'
import { type Clients, watching } from '../support/watching.ts'

// A planner that announces nothing, in place of the real one.
vi.mock('../../src/plan/write.ts', () => ({ planWrite: () => ({ changes: [] as Change[] }) }))

const where = { id: 'a' }
const data = { value: '1' }

type Write = readonly [name: string, run: (db: PrismaClient) => Promise<unknown>]

const writes: readonly Write[] = [
  ['alone', (db) => db.setting.update({ where, data })],
  ['in a transaction', (db) => db.$transaction((tx) => tx.setting.update({ where, data }))],
  ['in an array of one', (db) => db.$transaction([db.setting.update({ where, data })])],
  ['in an array', (db) => db.$transaction([db.setting.update({ where, data }), db.setting.findMany()])],
]

let database: AdapterDatabase
let clients: Clients
beforeAll(async () => {
  database = await (ADAPTERS['better-sqlite3'] as () => Promise<AdapterDatabase>)()
  clients = await ownClient('watch-mistake', schemaFor(database.provider))
})
afterAll(async () => {
  await database.stop()
  await clients.remove()
})

it.each(writes)('a write that the planner misses %s is invalidated and reported', async (_, write) => {
  const { db, read, fresh, warnings } = await watching(database, clients)
  await read()
  await write(db)
  expect(await read()).toEqual(await fresh())
  expect(warnings.map(({ code }) => code)).toEqual(['unannounced-write'])
  expect(warnings[0]?.message).toMatch(/Setting\.update wrote app_setting.*report/)
})
