import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Cache, createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { prismaCache } from '@larder/prisma'
import { sized } from '@larder/testing'
import { PrismaPg } from '@prisma/adapter-pg'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { expect, it } from 'vitest'
import { PrismaClient } from '../../prisma/generated/client/client.ts'
import { datamodel } from '../../prisma/generated/larder.ts'

// A program makes a client per request, or per reload of a module, on its one cache.

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes in use after garbage collection. Finalisers run between turns of the event loop. */
async function used(): Promise<number> {
  for (let round = 0; round < sized(3, 6); round++) {
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

/** Clients attached one after another in each of three rounds. */
const CLIENTS = sized(100, 500)

it.each(Object.entries(ATTACH))(
  '%s: attaching many clients of one database or of separate databases leaks no memory',
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
      // Longer than the lifetime of their entries. The next client then drops their tables.
      await used()
      await new Promise((resolve) => setTimeout(resolve, 60))
      attach(cache, undefined)
      return ((await used()) - before) / CLIENTS
    }
    // The first round compiles code and fills what is filled once.
    await grown(() => undefined)
    for (const databaseOf of [() => undefined, (number: number) => `tenant-${number}`]) {
      const perClient = [await grown(databaseOf)]
      // A leak grows in every round; the rest of the process grows in some.
      while (perClient.length < 5 && Math.min(...perClient) >= 1_000) perClient.push(await grown(databaseOf))
      expect(Math.min(...perClient), perClient.join()).toBeLessThan(1_000)
    }
  },
)
