import type { StockClient, StockClientOptions } from './stock-client.ts'

/** Loads the ORM called `name` and no other: that is most of a member's start. */
export async function openStockClient(name: string, options: StockClientOptions): Promise<StockClient> {
  if (name === 'prisma') return (await import('./stock-prisma.ts')).openPrisma(options)
  if (name === 'drizzle') return (await import('./stock-drizzle.ts')).openDrizzle(options)
  throw new Error(`no ORM is called ${name}`)
}
