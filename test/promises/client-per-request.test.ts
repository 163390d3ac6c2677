import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Cache, createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { prismaCache } from '@larder/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { expect, it } from 'vitest'
import { PrismaClient } from '../../prisma/generated/client/client.ts'
import { datamodel } from '../../prisma/generated/larder.ts'

// A program that makes a client per request, or per reload of a module, on the one cache it has.

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes in use once nothing more is collected; finalisers run between the turns of the event loop. */
async function used(): Promise<number> {
  for (let round = 0; round < 6; round++) {
    collect()
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return process.memoryUsage().heapUsed
}

const tables = { items: pgTable('item', { id: integer().primaryKey(), name: text().notNull() }) }
const pool = new pg.Pool({ host: 'db.example', user: 'app' })
const base = new PrismaClient({ adapter: new PrismaPg(pool) })

const ATTACH: Readonly<Record<string, (cache: Cache, database: string | undefined) => unknown>> = {
  Prisma: (cache, database) =>
    base.$extends(
      prismaCache({ cache, datamodel, models: { '*': { ttl: '50ms' } }, ...(database && { database }) }),
    ),
  Drizzle: (cache, database) =>
    drizzleCache(drizzle(new pg.Pool({ host: 'db.example', user: 'app' }), { schema: tables }), {
      cache,
      tables: { items: { ttl: '50ms' } },
      ...(database && { database }),
    }),
}

/** Attached one after another, three times over. */
const CLIENTS = 500

it.each(Object.entries(ATTACH))(
  '%s: clients of one database, and of a database each, leave no memory behind',
  {
    timeout: 300_000,
  },
  async (_, attach) => {
    const cache = createCache()
    const grown = async (databaseOf: (number: number) => string | undefined): Promise<number> => {
      const before = await used()
      for (let number = 0; number < CLIENTS; number++) {
        attach(cache, databaseOf(number))
        if (number % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      // Longer than any entry of theirs may live: their tables are forgotten with the next client.
      await used()
      await new Promise((resolve) => setTimeout(resolve, 60))
      attach(cache, undefined)
      return ((await used()) - before) / CLIENTS
    }
    // The first ones compile and fill what is filled once.
    await grown(() => undefined)
    const perClient = [await grown(() => undefined), await grown((number) => `tenant-${number}`)]
    for (const bytes of perClient) expect(bytes).toBeLessThan(1_000)
  },
)
