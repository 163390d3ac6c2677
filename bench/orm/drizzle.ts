import { createCache } from '@larder/core'
import { cached, drizzleCache } from '@larder/drizzle'
import { eq, sql } from 'drizzle-orm'
import { NativeCache } from '../../test/broken/native-cache.ts'
import { type Base, compare } from '../compare.ts'
import type { Context } from '../context.ts'
import { type Db, ID, products } from '../products.ts'
import { type Case, interleave } from '../rounds.ts'

const PLAIN = 'plain Drizzle'
const versusPlain: Base = { head: '× plain', name: PLAIN }

// Drizzle's queries begin when they are awaited.
export const built = (db: Db) => async () => await db.select().from(products).where(eq(products.id, ID))
const relational = (db: Db) => async () =>
  await db.query.products.findFirst({ where: eq(products.id, ID), with: { reviews: true } })
export function prepared(db: Db, name: string): () => Promise<unknown> {
  const byId = preparedById(db, name)
  return () => byId(ID)
}
export function preparedById(db: Db, name: string): (id: number) => Promise<unknown> {
  const byId = db
    .select()
    .from(products)
    .where(eq(products.id, sql.placeholder('id')))
    .prepare(name)
  return (id) => byId.execute({ id })
}

/** What a hit in memory costs behind Drizzle, beside Drizzle's own cache. */
export async function benchDrizzle(context: Context): Promise<void> {
  const { connect } = await context.products()
  const cache = createCache()
  try {
    const plain = connect()
    const larder = drizzleCache(plain, { cache, tables: { '*': { ttl: '1h' } } })
    await run({ plain, larder, native: connect({ cache: new NativeCache() }) }, context)
    // One of each form; the second form of the first is the same query.
    const { misses } = cache.stats()
    if (misses > 3) throw new Error(`Not all hits: ${misses} reads missed, not 3`)
  } finally {
    await cache.close()
  }
}

async function run(
  { plain, larder, native }: Readonly<Record<'plain' | 'larder' | 'native', Db>>,
  { remoteBudget, show }: Context,
): Promise<void> {
  const past = cached(larder, false)
  const measure = async (id: string, title: string, cases: readonly Case[]): Promise<void> =>
    show({ id, title, ...compare(await interleave(cases, remoteBudget), [versusPlain]) })
  await measure('built', 'Drizzle on PostgreSQL: a select by key, built each time', [
    { name: PLAIN, run: built(plain) },
    { name: 'Larder: bypass, cached(db, false)', run: built(past) },
    { name: 'Larder: hit', run: built(larder) },
    { name: "Drizzle's own cache over a map: hit", run: built(native) },
  ])
  await measure('prepared', 'Drizzle on PostgreSQL: the same prepared once', [
    { name: PLAIN, run: prepared(plain, 'plain') },
    { name: 'Larder: bypass', run: prepared(past, 'past') },
    { name: 'Larder: hit', run: prepared(larder, 'larder') },
    { name: "Drizzle's own cache over a map: hit", run: prepared(native, 'native') },
  ])
  await measure('relational', 'Drizzle on PostgreSQL: a relational query, built each time', [
    { name: PLAIN, run: relational(plain) },
    { name: 'Larder: bypass', run: relational(past) },
    { name: 'Larder: hit', run: relational(larder) },
  ])
}
