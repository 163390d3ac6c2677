import { relations } from 'drizzle-orm'
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import { integer, pgTable, serial, text, timestamp } from 'drizzle-orm/pg-core'
import type pg from 'pg'
import { type CountingPool, openCountingPool } from './counting-pool.ts'
import { openPostgres } from './postgres.ts'

export const products = pgTable('product', {
  id: serial().primaryKey(),
  name: text().notNull(),
  price: integer().notNull(),
  changed: timestamp().notNull().defaultNow(),
})
const reviews = pgTable('review', {
  id: serial().primaryKey(),
  productId: integer('product_id')
    .notNull()
    .references(() => products.id),
  words: text().notNull(),
})
export const schema = {
  products,
  reviews,
  productsRelations: relations(products, ({ many }) => ({ reviews: many(reviews) })),
  reviewsRelations: relations(reviews, ({ one }) => ({
    product: one(products, { fields: [reviews.productId], references: [products.id] }),
  })),
}
export type Db = NodePgDatabase<typeof schema>

const TABLES = `
  CREATE TABLE product (id serial PRIMARY KEY, name text NOT NULL, price int NOT NULL, changed timestamp NOT NULL DEFAULT now());
  CREATE TABLE review (id serial PRIMARY KEY, product_id int NOT NULL REFERENCES product, words text NOT NULL);
  CREATE INDEX ON review (product_id);
  INSERT INTO product (name, price) SELECT 'product ' || n, n FROM generate_series(1, 10000) n;
  INSERT INTO review (product_id, words) SELECT n % 10000 + 1, 'words of ' || n FROM generate_series(1, 50000) n;
  ANALYZE`

/** Any product; the others are as large. */
export const ID = 4711

/** A shop's database on a PostgreSQL server, read through Drizzle. */
export interface Products {
  readonly url: string
  /** Drizzle without a cache, on connections of its own. */
  connect(options?: { connections?: number; cache?: DrizzleCache }): Db
  /** Queries that reached the driver so far, writes apart. */
  loads(): number
  close(): Promise<void>
}
type DrizzleCache = NonNullable<Exclude<Parameters<typeof drizzle>[1], undefined>['cache']>

/** On a server that is found or started. */
export async function openProducts(): Promise<Products> {
  const database = await openPostgres((client) => client.query(TABLES))
  const pools: CountingPool[] = []
  const open = (max: number): pg.Pool => {
    const counting = openCountingPool({ connectionString: database.url, max })
    pools.push(counting)
    return counting.pool
  }
  return {
    url: database.url,
    connect: ({ connections = 1, cache } = {}) =>
      drizzle(open(connections), { schema, ...(cache && { cache }) }),
    loads: () => pools.reduce((sum, { selects }) => sum + selects(), 0),
    async close() {
      for (const { pool } of pools) await pool.end()
      await database.close()
    },
  }
}
