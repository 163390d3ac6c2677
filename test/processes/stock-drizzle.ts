import { drizzleCache } from '@larder/drizzle'
import { eq, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable } from 'drizzle-orm/pg-core'
import pg from 'pg'
import type { StockClient, StockClientOptions } from './stock-client.ts'

const stock = pgTable('inventory_stock', { id: integer().primaryKey(), version: integer().notNull() })
const increment = { version: sql`${stock.version} + 1` }

export function openDrizzle({ cache, connectionString, policy, max }: StockClientOptions): StockClient {
  const pool = new pg.Pool({ connectionString, max })
  pool.on('error', () => {})
  const db = drizzleCache(drizzle(pool, { schema: { stock } }), { cache, tables: { stock: policy } })
  return {
    read: async (id) => (await db.select().from(stock).where(eq(stock.id, id)))[0]?.version ?? -1,
    raise(id, beforeCommit) {
      if (!beforeCommit) return db.update(stock).set(increment).where(eq(stock.id, id))
      return db.transaction(async (tx) => {
        await tx.update(stock).set(increment).where(eq(stock.id, id))
        await beforeCommit()
      })
    },
  }
}
