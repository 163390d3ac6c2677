// The process that writes in storm.ts. A cache sees the writes of its own process at once, so readers and writers are two.
import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { valkeyStore } from '@larder/valkey'
import { eq, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { products, schema } from '../products.ts'
import type { StormWrites } from './storm.ts'

process.on('message', async ({ database, cache, rows, perSecond, seconds }: StormWrites) => {
  const pool = new pg.Pool({ connectionString: database, max: 16 })
  const plain = drizzle(pool, { schema })
  const db = cache
    ? drizzleCache(plain, {
        cache: createCache({ store: valkeyStore(cache.url), namespace: cache.namespace }),
        tables: { '*': cache.policy },
      })
    : plain
  const raise = (id: number): Promise<unknown> =>
    db
      .update(products)
      .set({ price: sql`${products.price} + 1` })
      .where(eq(products.id, id))
      .execute()
  for (let id = 1; id <= rows; id++) await raise(id)
  process.send?.('ready')
  const began = performance.now()
  const writes: Promise<unknown>[] = []
  for (let passed = 0; passed < seconds * 1_000; passed = performance.now() - began) {
    while (writes.length < (passed * perSecond) / 1_000) writes.push(raise(1 + (writes.length % rows)))
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await Promise.all(writes)
  process.send?.(writes.length)
})
// The parent went away: so does this.
process.on('disconnect', () => process.exit(0))
