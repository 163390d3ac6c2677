import { createCache, memoryStore } from '@larder/core'
import { cacheOf, drizzleCache } from '@larder/drizzle'
import { createDatabase, postgresUrl } from '@larder/testing'
import { and, eq, gt, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'

// The table of docs/invalidation.md, row by row.

const categories = pgTable('category', { id: integer().primaryKey(), name: text().notNull() })
const products = pgTable('product', {
  id: integer().primaryKey(),
  price: integer().notNull(),
  categoryId: integer('category_id')
    .notNull()
    .references(() => categories.id, { onDelete: 'cascade' }),
})
const schema = { categories, products }

const database = await createDatabase(await postgresUrl())
const pool = new pg.Pool({ connectionString: database.url })
const cache = createCache({ store: memoryStore({ isolated: true }) })
const db = drizzleCache(drizzle(pool, { schema }), { cache, schema, tables: { '*': { ttl: '10m' } } })

beforeAll(() =>
  pool.query(`
    CREATE TABLE category (id int PRIMARY KEY, name text NOT NULL);
    CREATE TABLE product (id int PRIMARY KEY, price int NOT NULL,
      category_id int NOT NULL REFERENCES category ON DELETE CASCADE)`),
)
afterAll(async () => {
  await cache.close()
  await pool.end()
  await database.drop()
})
beforeEach(async () => {
  await pool.query(`
    TRUNCATE category CASCADE;
    INSERT INTO category SELECT i, 'c' FROM generate_series(3, 5) i;
    INSERT INTO product VALUES (1, 1, 3), (2, 2, 4), (3, 3, 5)`)
  await cache.invalidate({ all: true })
})

/** Product 1 is in category 3, product 2 in category 4, product 3 in category 5. */
const READS = {
  'product 1': () => db.select().from(products).where(eq(products.id, 1)),
  'product 2': () => db.select().from(products).where(eq(products.id, 2)),
  'products of 3': () => db.select().from(products).where(eq(products.categoryId, 3)),
  'products of 4': () => db.select().from(products).where(eq(products.categoryId, 4)),
  'products of 5': () => db.select().from(products).where(eq(products.categoryId, 5)),
  'list of products': () => db.select().from(products).where(gt(products.price, 0)),
  'category 4': () => db.select().from(categories).where(eq(categories.id, 4)),
  'category 5': () => db.select().from(categories).where(eq(categories.id, 5)),
}
type Read = keyof typeof READS
const ALL_OF_PRODUCTS = (Object.keys(READS) as Read[]).filter((name) => name.includes('product'))
const CATEGORIES: readonly Read[] = ['category 4', 'category 5']

/** Which of the reads a write invalidates. */
async function invalidatedBy(write: () => PromiseLike<unknown>): Promise<string[]> {
  for (const read of Object.values(READS)) await read()
  await write()
  const { reads } = await cacheOf(db).explain(async () => {
    for (const read of Object.values(READS)) await read()
  })
  return Object.keys(READS).filter((_, at) => reads[at]?.source === 'database')
}

const change = () => db.update(products).set({ price: 9 }).where(eq(products.id, 1))
const moveTo4 = () => db.update(products).set({ categoryId: 4 })

const CASES: readonly (readonly [
  title: string,
  write: () => PromiseLike<unknown>,
  invalidates: readonly Read[],
])[] = [
  [
    'a change by id that returns its row invalidates the row, its category and lists',
    () => change().returning(),
    ['product 1', 'products of 3', 'list of products'],
  ],
  [
    'a change by id that does not return its row invalidates every category',
    change,
    ['product 1', 'products of 3', 'products of 4', 'products of 5', 'list of products'],
  ],
  [
    'a move by id invalidates every category, because the old category is unknown',
    () => moveTo4().where(eq(products.id, 1)).returning(),
    ['product 1', 'products of 3', 'products of 4', 'products of 5', 'list of products'],
  ],
  [
    'a move filtered by the old category invalidates the old and the new category',
    () =>
      moveTo4()
        .where(and(eq(products.id, 1), eq(products.categoryId, 3)))
        .returning(),
    ['product 1', 'products of 3', 'products of 4', 'list of products'],
  ],
  [
    'an insert invalidates its category and lists',
    () => db.insert(products).values({ id: 9, price: 1, categoryId: 4 }),
    ['products of 4', 'list of products'],
  ],
  [
    'a deletion by id that returns its row invalidates the row, its category and lists',
    () => db.delete(products).where(eq(products.id, 1)).returning(),
    ['product 1', 'products of 3', 'list of products'],
  ],
  [
    'an update by price invalidates every read of the table and no other',
    () => db.update(products).set({ price: 8 }).where(gt(products.price, 1)),
    ALL_OF_PRODUCTS,
  ],
  [
    'a cascading deletion invalidates lookups of products by id, and no other category',
    () => db.delete(categories).where(eq(categories.id, 4)),
    ['product 1', 'product 2', 'products of 4', 'list of products', 'category 4'],
  ],
  [
    'raw SQL that names its table by a Drizzle object invalidates only that table',
    () => db.execute(sql`update ${products} set price = 3 where id = 1`),
    ALL_OF_PRODUCTS,
  ],
  [
    'raw SQL whose tables are unknown invalidates everything',
    () => db.execute(sql`do $$ begin update product set price = 3; end $$`),
    [...ALL_OF_PRODUCTS, ...CATEGORIES],
  ],
]

for (const [title, write, invalidates] of CASES)
  it(title, async () => {
    expect(await invalidatedBy(write)).toEqual(invalidates)
  })
