import type { Cache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { prismaCache } from '@larder/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import { eq, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { PrismaClient } from '../../prisma/generated/client/client.ts'
import { datamodel } from '../../prisma/generated/larder.ts'

/** A row that is incremented and read through one ORM. */
export interface Counter {
  /** Adds one. Resolves to the stored number. */
  increment(): Promise<number>
  /** The current number, or -1. */
  read(): Promise<number>
}

const CONNECTIONS = 5
const through = { ttl: '10m', write: 'through' } as const

/** The counters by their ORM. The row is that of the SKU `one`. */
export const COUNTERS = {
  prisma(cache: Cache, connectionString: string): Counter {
    const client = new PrismaClient({ adapter: new PrismaPg({ connectionString, max: CONNECTIONS }) })
    const db = client.$extends(prismaCache({ cache, datamodel, models: { Stock: through } }))
    const where = { sku: 'one' }
    const data = { quantity: { increment: 1 } }
    return {
      increment: async () => (await db.stock.update({ where, data })).quantity,
      read: async () => (await db.stock.findUnique({ where }))?.quantity ?? -1,
    }
  },
  drizzle(cache: Cache, connectionString: string): Counter {
    const stock = pgTable('inventory_stock', {
      id: integer().primaryKey(),
      sku: text().notNull().unique(),
      quantity: integer().notNull(),
    })
    const pool = new pg.Pool({ connectionString, max: CONNECTIONS })
    pool.on('error', () => {})
    const db = drizzleCache(drizzle(pool, { schema: { stock } }), { cache, tables: { stock: through } })
    const isFirstRow = eq(stock.sku, 'one')
    const set = { quantity: sql`${stock.quantity} + 1` }
    return {
      increment: async () =>
        (await db.update(stock).set(set).where(isFirstRow).returning())[0]?.quantity ?? -1,
      read: async () => (await db.select().from(stock).where(isFirstRow))[0]?.quantity ?? -1,
    }
  },
} as const
