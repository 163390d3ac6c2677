import { and, eq, sql } from 'drizzle-orm'
import type { Line } from './checkout.ts'
import type { Database } from './database.ts'
import { orderLines, stock } from './schema.ts'

/** Takes goods back into stock. @returns false if the order has no such line, or not so many that are still out. */
export async function takeBack(db: Database, orderId: number, { sku, quantity }: Line): Promise<boolean> {
  return db.transaction(async (tx) => {
    const line = and(eq(orderLines.orderId, orderId), eq(orderLines.sku, sku))
    const [sold] = await tx.select().from(orderLines).where(line).for('update')
    if (sold === undefined || sold.returned + quantity > sold.quantity) return false
    await tx
      .update(orderLines)
      .set({ returned: sold.returned + quantity })
      .where(line)
    // An increment, and not a value computed here: sales of the same product go on meanwhile.
    await tx
      .update(stock)
      .set({ quantity: sql`${stock.quantity} + ${quantity}` })
      .where(eq(stock.sku, sku))
      .returning()
    return true
  })
}
