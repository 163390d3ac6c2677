import { createCache, type PolicyOptions } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { valkeyStore } from '@larder/valkey'
import { asc, eq, gt, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core'
import { openCountingPool } from '../counting-pool.ts'
import { openPostgres } from '../postgres.ts'
import type { Server } from './server.ts'

const brands = pgTable('brand', { id: serial().primaryKey(), name: text().notNull() })
const categories = pgTable('category', { id: serial().primaryKey(), name: text().notNull() })
const products = pgTable('product', {
  id: serial().primaryKey(),
  brandId: integer('brand_id').notNull(),
  categoryId: integer('category_id').notNull(),
  name: text().notNull(),
  price: integer().notNull(),
})
const schema = { brands, categories, products }

const tablesOf = (rows: number): string => `
  CREATE TABLE brand (id serial PRIMARY KEY, name text NOT NULL);
  CREATE TABLE category (id serial PRIMARY KEY, name text NOT NULL);
  CREATE TABLE product (id serial PRIMARY KEY, brand_id int NOT NULL REFERENCES brand,
    category_id int NOT NULL REFERENCES category, name text NOT NULL, price int NOT NULL);
  INSERT INTO brand (name) SELECT 'brand ' || n FROM generate_series(1, 200) n;
  INSERT INTO category (name) SELECT 'category ' || n FROM generate_series(1, 50) n;
  INSERT INTO product (brand_id, category_id, name, price)
    SELECT n % 200 + 1, n % 50 + 1, 'product ' || n, n FROM generate_series(1, ${rows}) n;
  ANALYZE`

/** A shop's database on a PostgreSQL server, read through Drizzle. */
export interface StoreFront {
  readonly rows: number
  /** @param name is part of the namespace: two fronts of one database share no entries. */
  open(name: string, policy: PolicyOptions): Promise<Front>
  close(): Promise<void>
}

/** One cache in front of the database. */
export interface Front {
  /** A product with its brand and category: three tables. */
  read(id: number): Promise<unknown>
  raise(id: number): Promise<unknown>
  /** Reads the products up to `last`, so that their entries are there. */
  warm(last: number): Promise<void>
  /** Queries the database has had to answer so far, writes apart. */
  loads(): number
  close(): Promise<void>
}

/** @throws Error where there is no PostgreSQL. */
export async function openStoreFront({ url, prefix }: Server, rows: number): Promise<StoreFront> {
  const database = await openPostgres((client) => client.query(tablesOf(rows)))
  return {
    rows,
    async open(name, policy) {
      const { pool, selects } = openCountingPool({ connectionString: database.url, max: 10 })
      const cache = createCache({ store: valkeyStore(url), namespace: `${prefix}-${name}` })
      const plain = drizzle(pool, { schema })
      const db = drizzleCache(plain, { cache, tables: { '*': policy } })
      // Prepared, as the busiest read of a service is: else building its SQL takes longer than a hit.
      const byId = db
        .select()
        .from(products)
        .innerJoin(brands, eq(brands.id, products.brandId))
        .innerJoin(categories, eq(categories.id, products.categoryId))
        .where(eq(products.id, sql.placeholder('id')))
        .prepare('product_by_id')
      const read = (id: number): Promise<unknown> => byId.execute({ id })
      return {
        read,
        raise: async (id) =>
          await db
            .update(products)
            .set({ price: sql`${products.price} + 1` })
            .where(eq(products.id, id)),
        async warm(last) {
          const ids = await plain
            .select({ id: products.id })
            .from(products)
            .where(gt(products.id, 0))
            .orderBy(asc(products.id))
            .limit(last)
          await cache.warm(
            ids.map(
              ({ id }) =>
                () =>
                  read(id),
            ),
            { concurrency: 64 },
          )
        },
        loads: selects,
        async close() {
          await cache.close()
          await pool.end()
        },
      }
    },
    async close() {
      await database.close()
    },
  }
}
