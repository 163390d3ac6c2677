import { asc, eq, inArray, sql } from 'drizzle-orm'
import type { Database } from './database.ts'
import { orderLines, orders, stock } from './schema.ts'

export interface Line {
  readonly sku: string
  readonly quantity: number
}

export interface Purchase {
  /** The same for every attempt at the same purchase. */
  readonly requestId: string
  readonly customer: string
  readonly lines: readonly Line[]
}

export type Sale =
  | { readonly orderId: number }
  /** Nothing was sold. How many there are of each product of which there are too few. */
  | { readonly short: readonly { readonly sku: string; readonly left: number }[] }
  /** Nothing was sold: the `requestId` is that of another purchase. */
  | 'request id in use'

type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]

/** Sells all lines or none. A purchase that is tried again is sold once. */
export async function checkout(db: Database, purchase: Purchase): Promise<Sale> {
  return db.transaction(async (tx): Promise<Sale> => {
    const lines = merged(purchase.lines)
    // Locked in one order, so that two buyers of the same products never wait for each other. A locking read always goes to
    // the database: what is sold is decided by these rows alone.
    const rows = await tx
      .select()
      .from(stock)
      .where(inArray(stock.sku, [...lines.keys()]))
      .orderBy(asc(stock.sku))
      .for('update')
    // After the locks: an attempt at the same purchase that is still running holds them.
    const earlier = await earlierSale(tx, purchase, lines)
    if (earlier) return earlier

    const left = new Map(rows.map(({ sku, quantity }) => [sku, quantity]))
    const short = [...lines].flatMap(([sku, quantity]) => {
      const available = left.get(sku) ?? 0
      return available < quantity ? [{ sku, left: available }] : []
    })
    if (short.length > 0) return { short }

    const { requestId, customer } = purchase
    const [order] = await tx
      .insert(orders)
      .values({ requestId, customer })
      .onConflictDoNothing()
      .returning({ orderId: orders.id })
    // Other products, so no lock in common: another purchase took the id since.
    if (order === undefined) return 'request id in use'
    await tx
      .insert(orderLines)
      .values([...lines].map(([sku, quantity]) => ({ orderId: order.orderId, sku, quantity })))
    for (const [sku, quantity] of lines)
      await tx
        .update(stock)
        .set({ quantity: sql`${stock.quantity} - ${quantity}` })
        .where(eq(stock.sku, sku))
        // The whole row: it is what write-through caches.
        .returning()
    return order
  })
}

/** The order that this request id has already placed, if any. */
async function earlierSale(
  tx: Transaction,
  { requestId, customer }: Purchase,
  lines: ReadonlyMap<string, number>,
): Promise<Sale | undefined> {
  const [order] = await tx.select().from(orders).where(eq(orders.requestId, requestId))
  if (order === undefined) return undefined
  const sold = await tx.select().from(orderLines).where(eq(orderLines.orderId, order.id))
  const same =
    order.customer === customer &&
    sold.length === lines.size &&
    sold.every(({ sku, quantity }) => lines.get(sku) === quantity)
  return same ? { orderId: order.id } : 'request id in use'
}

/** A product that stands twice in the basket is one line, and one row to lock. */
function merged(lines: readonly Line[]): Map<string, number> {
  const quantities = new Map<string, number>()
  for (const { sku, quantity } of lines) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity)
  return quantities
}
