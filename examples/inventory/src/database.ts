import type { Cache, PolicyOptions } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { prismaCache } from '@larder/prisma'
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import { PrismaClient } from './generated/client/client.ts'
import { datamodel } from './generated/larder.ts'
import * as schema from './schema.ts'

export type Database = PgDatabase<PgQueryResultHKT, typeof schema>

/**
 * A sale changes a row that the next visitor reads, so the written row is cached. Sales go on while the cache server is
 * down: the checkout decides by the locked row, never by what the cache says. The README has the whole argument.
 */
const stocked = {
  ttl: '5m',
  write: 'through',
  onMarkFailure: 'proceed',
} as const satisfies PolicyOptions

/** What the shop uses. */
export function openShop(db: Database, cache: Cache): Database {
  return drizzleCache(db, {
    cache,
    schema,
    // An order is read by few, and by them right after a write. It is not cached.
    tables: { stock: stocked },
  })
}

/** What the back office uses, on the same tables and the same cache. */
export function openBackOffice(adapter: SqlDriverAdapterFactory, cache: Cache) {
  return new PrismaClient({ adapter }).$extends(prismaCache({ cache, datamodel, models: { Stock: stocked } }))
}

export type BackOffice = ReturnType<typeof openBackOffice>
