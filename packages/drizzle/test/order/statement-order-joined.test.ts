import { setTimeout as sleep } from 'node:timers/promises'
import { createCache, memoryStore } from '@larder/core'
import type { Store } from '@larder/core/store'
import { drizzleCache } from '@larder/drizzle'
import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import * as schema from '../contract/schema-pg.ts'
import { contractDatabase } from './postgres.ts'

/** A store in which every other fetch is slow. */
function unevenStore(): Store {
  const store = memoryStore()
  let fetches = 0
  return {
    source: 'store',
    open: (context) => store.open?.(context),
    async fetch(...args) {
      if (fetches++ % 2 === 0) await sleep(30)
      return store.fetch(...args)
    },
    seed: (...args) => store.seed(...args),
    mark: (...args) => store.mark(...args),
    renew: (...args) => store.renew(...args),
    finish: (...args) => store.finish(...args),
    set: (...args) => store.set(...args),
    invalidateAll: () => store.invalidateAll(),
    close: () => store.close(),
  }
}

describe('shared loads across connections', () => {
  it('two reads that join each other do not deadlock', async () => {
    const database = await contractDatabase()
    const pools = [1, 2].map(() => new pg.Pool({ connectionString: database.url, max: 1 }))
    const cache = createCache({ store: unevenStore() })
    const [first, second] = pools.map((pool) => {
      const db = drizzle(pool, { schema })
      return drizzleCache(db, {
        cache,
        database: 'the_same',
        tables: { '*': { ttl: '1h' } },
      })
    })
    const read = (db: typeof first, id: number) =>
      db?.select().from(schema.posts).where(eq(schema.posts.id, id))
    try {
      // Each connection first joins a load of the other, and then loads what the other joins.
      const reads = [read(first, 1), read(first, 2), read(second, 2), read(second, 1)]
      expect(await Promise.all(reads)).toEqual([[], [], [], []])
    } finally {
      await Promise.all(pools.map((pool) => pool.end()))
      await database.drop()
    }
  })
})
