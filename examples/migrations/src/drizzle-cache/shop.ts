import { asc, avg, eq, inArray, sql } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import type * as schema from './schema.ts'
import { products, reviews } from './schema.ts'

/** A shop on Drizzle. Each method is one request. */
export interface Shop {
  /** The products of the front page, under the tag `front`. */
  front(): Promise<unknown>
  product(id: number): Promise<{ readonly name: string } | undefined>
  /** Never from the cache. */
  price(id: number): Promise<unknown>
  /** The average rating of each product: refreshed by hand. */
  ratings(): Promise<unknown>
  refreshRatings(): Promise<void>
  /** The names of the products that have a review. */
  reviewed(): Promise<readonly { readonly name: string }[]>
  rename(id: number, name: string): Promise<void>
  review(productId: number, stars: number): Promise<void>
  /** Renames by raw SQL. */
  renameAll(suffix: string): Promise<void>
  /** After a program without a cache has changed products. */
  productsChanged(): Promise<void>
  /** Renames a product in a transaction that reads the product and then fails. */
  failToRename(id: number, name: string): Promise<void>
  /** The names of the first two products, by two queries with the tag `name`. */
  names(): Promise<readonly unknown[]>
}

/** The queries, which stay as they are. @param more options of the one query that does not. */
export function createShop(db: NodePgDatabase<typeof schema>, more: { autoInvalidate?: false } = {}): Shop {
  const byId = (id: number) => db.select().from(products).where(eq(products.id, id))
  return {
    front: () =>
      db
        .select()
        .from(products)
        .orderBy(asc(products.id))
        .limit(10)
        .$withCache({ tag: 'front', config: { ex: 300 } }),
    product: async (id) => (await byId(id))[0],
    price: (id) =>
      db.select({ price: products.price }).from(products).where(eq(products.id, id)).$withCache(false),
    ratings: () =>
      db
        .select({ productId: reviews.productId, stars: avg(reviews.stars) })
        .from(reviews)
        .groupBy(reviews.productId)
        .orderBy(reviews.productId)
        .$withCache({ tag: 'ratings', config: { px: 60_000 }, ...more }),
    refreshRatings: async () => db.$cache.invalidate({ tags: 'ratings' }),
    reviewed: () =>
      db
        .select({ name: products.name })
        .from(products)
        .where(inArray(products.id, db.select({ id: reviews.productId }).from(reviews)))
        .orderBy(products.id),
    async rename(id, name) {
      await db.update(products).set({ name }).where(eq(products.id, id))
    },
    async review(productId, stars) {
      await db.insert(reviews).values({ productId, stars })
    },
    async renameAll(suffix) {
      await db.execute(sql`update ${products} set name = name || ${suffix}`)
    },
    productsChanged: async () => db.$cache.invalidate({ tables: products }),
    async failToRename(id, name) {
      const failing = db.transaction(async (tx) => {
        await tx.update(products).set({ name }).where(eq(products.id, id))
        await tx.select().from(products).where(eq(products.id, id))
        tx.rollback()
      })
      await failing.catch(() => {})
    },
    names: async () => {
      const nameOf = (id: number) =>
        db
          .select({ name: products.name })
          .from(products)
          .where(eq(products.id, id))
          .$withCache({ tag: 'name' })
      return [(await nameOf(1))[0]?.name, (await nameOf(2))[0]?.name]
    },
  }
}
