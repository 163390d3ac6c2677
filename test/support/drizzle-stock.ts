import { createDatabase, postgresUrl } from '@larder/testing'
import { relations } from 'drizzle-orm'
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { ROWS } from '../histories/version-checker.ts'

export const stock = pgTable('inventory_stock', {
  id: integer().primaryKey(),
  sku: text().notNull().unique(),
  warehouse: text().notNull(),
  version: integer().notNull(),
})
/** Each row's own, found again by another key. */
const stockRelations = relations(stock, ({ one }) => ({
  twin: one(stock, { fields: [stock.sku], references: [stock.sku] }),
}))
export const schema = { stock, stockRelations }
export type StockDb = NodePgDatabase<typeof schema>

/** A database with one table, each row at version 1. */
export interface StockDatabase {
  readonly url: string
  /** A plain db over connections of its own. */
  db(): StockDb
  stop(): Promise<void>
}

export async function startStock(connections: number): Promise<StockDatabase> {
  const database = await createDatabase(await postgresUrl())
  const pools: pg.Pool[] = []
  const db = (): StockDb => {
    const pool = new pg.Pool({ connectionString: database.url, max: connections })
    pool.on('error', () => {})
    pools.push(pool)
    return drizzle(pool, { schema })
  }
  const first = db()
  await first.execute(
    'CREATE TABLE inventory_stock (id integer PRIMARY KEY, sku text NOT NULL UNIQUE, warehouse text NOT NULL, version integer NOT NULL)',
  )
  const ids = Array.from({ length: ROWS }, (_, index) => index + 1)
  await first.insert(stock).values(ids.map((id) => ({ id, sku: `s${id}`, warehouse: 'w1', version: 1 })))
  return {
    url: database.url,
    db,
    async stop() {
      await Promise.all(pools.map((pool) => pool.end()))
      await database.drop()
    },
  }
}
