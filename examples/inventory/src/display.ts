import { asc, eq } from 'drizzle-orm'
import type { Database } from './database.ts'
import { stock } from './schema.ts'

export type StockRow = typeof stock.$inferSelect

/** What visitors see. It is current, and still no promise: somebody else may buy it before they do. */
export async function showStock(db: Database, sku: string): Promise<StockRow | undefined> {
  const [row] = await db.select().from(stock).where(eq(stock.sku, sku))
  return row
}

export async function listWarehouse(db: Database, warehouse: string): Promise<readonly StockRow[]> {
  return db.select().from(stock).where(eq(stock.warehouse, warehouse)).orderBy(asc(stock.sku)).limit(100)
}
