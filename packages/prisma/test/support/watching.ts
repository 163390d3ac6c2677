import { type CacheEvents, createCache } from '@larder/core'
import { type Datamodel, prismaCache } from '@larder/prisma'
import { onTestFinished } from 'vitest'
import type { PrismaClient } from '../../../../prisma/generated/client/client.ts'
import type { OwnClient } from '../../../testing/src/index.ts'
import type { AdapterDatabase } from './adapters.ts'

export type Clients = OwnClient<typeof PrismaClient, Datamodel>

/** Rows of both tables, and a client with a cache of its own until the running test ends. */
export async function watching(
  database: AdapterDatabase,
  clients: Pick<Clients, 'PrismaClient' | 'datamodel'>,
  extend = (base: PrismaClient) => base,
) {
  const base = new clients.PrismaClient({ adapter: database.adapter() })
  const cache = createCache()
  const warnings: CacheEvents['warning'][] = []
  cache.on('warning', (event) => void warnings.push(event))
  const db = extend(base).$extends(
    prismaCache({ cache, datamodel: clients.datamodel, models: { '*': { ttl: '1h' } } }),
  ) as unknown as PrismaClient
  const check = new clients.PrismaClient({ adapter: database.adapter() })
  onTestFinished(async () => {
    await cache.close()
    await base.$disconnect()
    await check.$disconnect()
  })
  for (const table of ['app_setting', 'app_note']) await check.$executeRawUnsafe(`DELETE FROM ${table}`)
  // Some adapters show their database only once they are connected.
  await base.$queryRaw`SELECT 1`
  await check.setting.createMany({
    data: [
      { id: 'a', value: '0' },
      { id: 'b', value: '0' },
    ],
  })
  const read = async () => ({
    list: await db.setting.findMany({ orderBy: { id: 'asc' } }),
    row: await db.setting.findUnique({ where: { id: 'a' } }),
  })
  const fresh = async () => ({
    list: await check.setting.findMany({ orderBy: { id: 'asc' } }),
    row: await check.setting.findUnique({ where: { id: 'a' } }),
  })
  const note = (client: PrismaClient) =>
    (client as unknown as { note: { findMany(): Promise<unknown> } }).note.findMany()
  return {
    base,
    db,
    cache,
    read,
    fresh,
    codes: () => warnings.map(({ code }) => code),
    warnings,
    /** Where reads of the two tables come from now. */
    sources: async () => {
      const { reads } = await cache.explain(async () => {
        await read()
        await note(db)
      })
      return reads.map(({ source, reason }) => (reason ? `${source}: ${reason}` : source))
    },
  }
}
