import type { Line } from './checkout.ts'
import type { BackOffice } from './database.ts'

/** The largest `integer` of PostgreSQL. */
const LARGEST = 2_147_483_647

/** Books goods in. The shop's next read shows them, although it reads through Drizzle. @returns false for an unknown product, or too many pieces. */
export async function bookIn(prisma: BackOffice, { sku, quantity }: Line): Promise<boolean> {
  const { count } = await prisma.stock.updateMany({
    where: { sku, quantity: { lte: LARGEST - quantity } },
    data: { quantity: { increment: quantity } },
  })
  return count > 0
}

/** What to order again. Cached as well, and invalidated by every sale. */
export async function lowStock(prisma: BackOffice, below: number) {
  return prisma.stock.findMany({ where: { quantity: { lt: below } }, orderBy: { sku: 'asc' }, take: 100 })
}
