import type { Line } from './checkout.ts'
import type { BackOffice } from './database.ts'

/** Books goods in. The shop's next read shows them, although it reads through Drizzle. @returns false for an unknown product. */
export async function bookIn(prisma: BackOffice, { sku, quantity }: Line): Promise<boolean> {
  const { count } = await prisma.stock.updateMany({
    where: { sku },
    data: { quantity: { increment: quantity } },
  })
  return count > 0
}

/** What to order again. Cached as well, and invalidated by every sale. */
export async function lowStock(prisma: BackOffice, below: number) {
  return prisma.stock.findMany({ where: { quantity: { lt: below } }, orderBy: { sku: 'asc' }, take: 100 })
}
