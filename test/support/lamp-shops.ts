import type { Cache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { eq, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import type { PrismaClient } from '../../prisma/generated/client/client.ts'
import { cachedClient, EVERY_MODEL } from './cached-client.ts'
import type { TestDatabase } from './databases.ts'

/** One process of a shop that sells lamps. Both hosts do the same with the same table. */
export interface Shop {
  /** Sells one under its lock. @returns how many are left, or undefined where none was. */
  buy(): Promise<number | undefined>
  /** How many a customer is shown. */
  display(): Promise<number>
}

const lamp = { where: { sku: 'lamp' } } as const
/** Sixty-four wait for one row. */
const patience = { maxWait: 60_000, timeout: 60_000 }

export function prismaShop(database: TestDatabase, cache: Cache): Shop {
  const models = { ...EVERY_MODEL, Stock: { ttl: '1h', write: 'through' } } as const
  const { client } = cachedClient(database.client().client, { cache, models })
  return {
    buy: () =>
      client.$transaction(async (tx) => {
        const { quantity } = await tx.stock.lock(lamp)
        if (!quantity) return undefined
        await tx.stock.update({ ...lamp, data: { quantity: quantity - 1, version: { increment: 1 } } })
        return quantity - 1
      }, patience),
    display: async () => (await (client as unknown as PrismaClient).stock.findUniqueOrThrow(lamp)).quantity,
  }
}

const stock = pgTable('inventory_stock', {
  id: integer().primaryKey(),
  sku: text().notNull().unique(),
  warehouse: text().notNull(),
  quantity: integer().notNull(),
  version: integer().notNull(),
  updatedAt: timestamp('updated_at').notNull(),
})

export function drizzleShop(database: TestDatabase, cache: Cache): Shop {
  const db = drizzleCache(drizzle(database.pool(), { schema: { stock } }), {
    cache,
    tables: { stock: { ttl: '1h', write: 'through' } },
  })
  const lamps = eq(stock.sku, 'lamp')
  return {
    buy: () =>
      db.transaction(async (tx) => {
        const [locked] = await tx.select().from(stock).where(lamps).for('update')
        if (!locked?.quantity) return undefined
        const [sold] = await tx
          .update(stock)
          .set({ quantity: locked.quantity - 1, version: sql`${stock.version} + 1` })
          .where(lamps)
          .returning()
        return sold?.quantity
      }),
    async display() {
      const [shown] = await db.select().from(stock).where(lamps)
      if (!shown) throw new Error('there is no lamp')
      return shown.quantity
    },
  }
}
