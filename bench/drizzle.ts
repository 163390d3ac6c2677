import { createCache } from '@larder/core'
import { cached, drizzleCache } from '@larder/drizzle'
import { createDatabase, startPostgres } from '@larder/testing'
import { eq, relations, sql } from 'drizzle-orm'
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import { integer, pgTable, serial, text, timestamp } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { NativeCache } from '../test/broken/native-cache.ts'
import { type Base, compare } from './compare.ts'
import { type Budget, type Case, interleave } from './rounds.ts'

const products = pgTable('product', {
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
const schema = {
  products,
  reviews,
  productsRelations: relations(products, ({ many }) => ({ reviews: many(reviews) })),
  reviewsRelations: relations(reviews, ({ one }) => ({
    product: one(products, { fields: [reviews.productId], references: [products.id] }),
  })),
}
type Db = NodePgDatabase<typeof schema>

const TABLES = `
  CREATE TABLE product (id serial PRIMARY KEY, name text NOT NULL, price int NOT NULL, changed timestamp NOT NULL DEFAULT now());
  CREATE TABLE review (id serial PRIMARY KEY, product_id int NOT NULL REFERENCES product, words text NOT NULL);
  CREATE INDEX ON review (product_id);
  INSERT INTO product (name, price) SELECT 'product ' || n, n FROM generate_series(1, 10000) n;
  INSERT INTO review (product_id, words) SELECT n % 10000 + 1, 'words of ' || n FROM generate_series(1, 50000) n;
  ANALYZE`

/** Any product; the others are as large. */
const ID = 4711
const PLAIN = 'plain Drizzle'
const versusPlain: Base = { head: '× plain', name: PLAIN }

// Drizzle's queries begin when they are awaited.
const built = (db: Db) => async () => await db.select().from(products).where(eq(products.id, ID))
const relational = (db: Db) => async () =>
  await db.query.products.findFirst({ where: eq(products.id, ID), with: { reviews: true } })
const raise = { price: sql`${products.price} + 1` }
const written = (db: Db) => async () =>
  await db.update(products).set(raise).where(eq(products.id, ID)).returning()
const displayed = (db: Db) => async () => {
  await written(db)()
  await built(db)()
}
function prepared(db: Db, name: string): () => Promise<unknown> {
  const byId = db
    .select()
    .from(products)
    .where(eq(products.id, sql.placeholder('id')))
    .prepare(name)
  return () => byId.execute({ id: ID })
}

/** What Larder costs and saves behind Drizzle, beside Drizzle's own cache. */
export async function benchDrizzle(budget: Budget): Promise<void> {
  const service = await startPostgres()
  const database = await createDatabase(service.url)
  const pool = new pg.Pool({ connectionString: database.url, max: 1 })
  const cache = createCache()
  try {
    await pool.query(TABLES)
    const plain = drizzle(pool, { schema })
    const larder = drizzleCache(plain, { cache, tables: { '*': { ttl: '1h' } } })
    const native = drizzle(pool, { schema, cache: new NativeCache() })
    await run({ plain, larder, native }, budget)
    // One of each form; the second form of the first is the same query.
    const { misses } = cache.stats()
    if (misses > 3) throw new Error(`Not all hits: ${misses} reads missed, not 3`)
    await runWrites(plain, budget)
  } finally {
    await cache.close()
    await pool.end()
    await database.drop()
    await service.stop()
  }
}

async function run(
  { plain, larder, native }: Readonly<Record<'plain' | 'larder' | 'native', Db>>,
  budget: Budget,
): Promise<void> {
  const past = cached(larder, false)
  const show = (title: string, cases: readonly Case[]) => shown(title, cases, budget)
  await show('Drizzle on PostgreSQL: a select by key, built each time', [
    { name: PLAIN, run: built(plain) },
    { name: 'Larder: past the cache, cached(db, false)', run: built(past) },
    { name: 'Larder: hit', run: built(larder) },
    { name: "Drizzle's own cache over a map: hit", run: built(native) },
  ])
  await show('Drizzle on PostgreSQL: the same prepared once', [
    { name: PLAIN, run: prepared(plain, 'plain') },
    { name: 'Larder: past the cache', run: prepared(past, 'past') },
    { name: 'Larder: hit', run: prepared(larder, 'larder') },
    { name: "Drizzle's own cache over a map: hit", run: prepared(native, 'native') },
  ])
  await show('Drizzle on PostgreSQL: a relational query, built each time', [
    { name: PLAIN, run: relational(plain) },
    { name: 'Larder: past the cache', run: relational(past) },
    { name: 'Larder: hit', run: relational(larder) },
  ])
}

async function shown(title: string, cases: readonly Case[], budget: Budget): Promise<void> {
  console.log(`\n${title}\n\n${compare(await interleave(cases, budget), [versusPlain])}`)
}

/** What it costs to write a row that is stored, and what it saves those who display it. */
async function runWrites(plain: Db, budget: Budget): Promise<void> {
  const caches = (['invalidate', 'through'] as const).map((write) => {
    const cache = createCache()
    return { write, cache, db: drizzleCache(plain, { cache, tables: { '*': { ttl: '1h', write } } }) }
  })
  for (const [title, run] of [
    ['update of a row', written],
    ['update of a row, then its display', displayed],
  ] as const)
    await shown(
      `Drizzle on PostgreSQL: ${title}`,
      [
        { name: PLAIN, run: run(plain) },
        ...caches.map(({ write, db }) => ({ name: `Larder: write: '${write}'`, run: run(db) })),
      ],
      budget,
    )
  for (const { cache } of caches) await cache.close()
}
