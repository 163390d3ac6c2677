import type { PGlite } from '@electric-sql/pglite'
import { createCache } from '@larder/core'
import { type Datamodel, prismaCache } from '@larder/prisma'
import { PrismaPGlite } from 'pglite-prisma-adapter'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import type { PrismaClient } from '../../../../prisma/generated/client/client.ts'
import { type OwnClient, ownClient, startPglite } from '../../../testing/src/index.ts'
import { schemaFor } from '../support/adapters.ts'

// On a single connection, what is called after an array transaction waits until Prisma has all of its queries. What a
// hook of one of these queries calls must not: the query waits for the hook.

let clients: OwnClient<typeof PrismaClient, Datamodel>
let database: PGlite
beforeAll(async () => {
  clients = await ownClient('array-hooks', schemaFor('postgresql'))
  database = await startPglite()
  await database.exec('CREATE TABLE app_setting (id varchar(40) PRIMARY KEY, value varchar(40) NOT NULL)')
  await database.exec('CREATE TABLE app_note (id varchar(40) PRIMARY KEY, text varchar(40) NOT NULL)')
})
afterAll(async () => {
  await database.close()
  await clients.remove()
})

/** What hooks call before their own query. */
const CALLS = {
  'a write': (client: PrismaClient) =>
    client.$executeRaw`INSERT INTO app_note VALUES (gen_random_uuid(), '')`,
  'a cached read': (client: PrismaClient) => client.setting.findMany(),
  'an array transaction': (client: PrismaClient) => client.$transaction([client.setting.count()]),
  'an interactive transaction': (client: PrismaClient) => client.$transaction((tx) => tx.setting.count()),
}

it.each(Object.entries(CALLS))('a hook of an array transaction may call %s', async (_, call) => {
  const base = new clients.PrismaClient({ adapter: new PrismaPGlite(database) })
  const cache = createCache({ unknownWrites: 'invalidate' })
  onTestFinished(async () => {
    await cache.close()
    await base.$disconnect()
  })
  const cached = base.$extends(
    prismaCache({ cache, datamodel: clients.datamodel, models: { '*': { ttl: '1h' } } }),
  )
  const db = cached.$extends({
    query: {
      setting: {
        async upsert({ args, query }) {
          await call(cached as unknown as PrismaClient)
          return query(args)
        },
      },
    },
  })
  const set = (id: string) =>
    db.setting.upsert({ where: { id }, create: { id, value: '1' }, update: { value: '2' } })
  const rows = await db.$transaction([set('a'), set('b')])
  expect(rows.map(({ id }) => id)).toEqual(['a', 'b'])
})
