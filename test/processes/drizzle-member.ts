import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { valkeyStore } from '@larder/valkey'
import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import pg from 'pg'

// A process with a db over a shared store. It repeats the table, because support/drizzle-stock.ts needs test packages.

const stock = pgTable('inventory_stock', {
  id: integer().primaryKey(),
  sku: text().notNull().unique(),
  warehouse: text().notNull(),
  version: integer().notNull(),
})

/** A message to the process. */
export type Ask =
  | { readonly read: number }
  | { readonly count: string }
  | { readonly write: number; readonly warehouse: string; readonly how: 'alone' | 'transaction' | 'undone' }

/** Its answer: the warehouse, or the number of rows there, and the source of the read. */
export interface Answer {
  readonly value: string
  readonly source: string
}

const [database = '', store = '', namespace = ''] = process.argv.slice(2)
const cache = createCache({ store: valkeyStore(store), namespace, memory: { mode: 'validate' } })
const pool = new pg.Pool({ connectionString: database, max: 2 })
pool.on('error', () => {})
const db = drizzleCache(drizzle(pool, { schema: { stock } }), { cache, tables: { stock: { ttl: '1h' } } })

async function read(id: number): Promise<string> {
  return (await db.select().from(stock).where(eq(stock.id, id)))[0]?.warehouse ?? 'nowhere'
}

async function write({ write: id, warehouse, how }: Extract<Ask, { write: number }>): Promise<void> {
  const updateRow = (on: Pick<typeof db, 'update'>) =>
    on.update(stock).set({ warehouse }).where(eq(stock.id, id))
  if (how === 'alone') await updateRow(db)
  else
    await db
      .transaction(async (tx) => {
        await updateRow(tx)
        if (how === 'undone') tx.rollback()
      })
      .catch(() => {})
}

async function answer(ask: Ask): Promise<Answer> {
  if ('write' in ask) {
    await write(ask)
    return { value: ask.warehouse, source: 'database' }
  }
  const { result, reads } = await cache.explain(async () =>
    'read' in ask ? read(ask.read) : String(await db.$count(stock, eq(stock.warehouse, ask.count))),
  )
  return { value: result, source: reads[0]?.source ?? 'none' }
}

process.on('message', (ask: Ask) => void answer(ask).then((reply) => process.send?.(reply)))
process.send?.({})
