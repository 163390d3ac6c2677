import { createCache, memoryStore } from '@larder/core'
import type { Store } from '@larder/core/store'
import { drizzleCache } from '@larder/drizzle'
import { setting, sized } from '@larder/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { naiveStore } from '../broken/stores.ts'
import { type StockDatabase, startStock } from '../support/drizzle-stock.ts'
import { countResultDependencies } from '../support/result-dependencies.ts'
import { race } from './drizzle-race.ts'

// Every write raises a number in its row, so one pass over the history finds every stale read.

const operations = setting('LARDER_HISTORY_OPERATIONS', 600, 20_000)
const seed = setting('LARDER_HISTORY_SEED', 1)

let database: StockDatabase
beforeEach(async () => {
  database = await startStock(8)
})
afterEach(() => database.stop())

/** Two dbs of one database on one cache; only one of them knows that reads are pinned by `warehouse`. */
function twoDbs(store: Store) {
  const cache = createCache({ store })
  const keyed = { stock: { ttl: '1h', lookupKeys: [['warehouse']] } } as const
  const dbs = [keyed, { stock: { ttl: '1h' } } as const].map((tables) =>
    drizzleCache(database.db(), { cache, tables, database: 'shop' }),
  )
  return { cache, dbs }
}

describe('concurrent histories of Drizzle on PostgreSQL', () => {
  test(`${operations} operations of 16 workers on two dbs never read less than was written or read before`, {
    timeout: 180_000 + operations * 20,
  }, async () => {
    const entries = countResultDependencies()
    const { cache, dbs } = twoDbs(entries.store)
    const { violations, operations: done } = await race({ dbs, workers: 16, operations, seed })
    expect(violations, `LARDER_HISTORY_SEED=${seed}`).toEqual([])
    expect(done).toBeGreaterThanOrEqual(operations)
    const { hits, reads } = cache.stats()
    // Without hits the test would prove nothing.
    expect(hits / reads).toBeGreaterThan(sized(0.005, 0.04))
    // Few: while a transaction is open, what it has written is dirty, and a load that meets that is not stored.
    expect(entries.count()).toBeGreaterThan(sized(-1, operations / 10_000))
  })

  test('workers never read less than was written before if the store evicts almost everything', async () => {
    const { cache, dbs } = twoDbs(memoryStore({ maxEntries: 5 }))
    const { violations } = await race({ dbs, workers: 8, operations: sized(300, 6_000), seed: seed + 1 })
    expect(violations).toEqual([])
    expect(cache.stats().hits).toBeGreaterThan(sized(0, 60))
  })

  test('the checker finds the stale reads of a cache that only deletes on write', async () => {
    const { dbs } = twoDbs(naiveStore())
    // Whether a load overlaps a write is up to the machine.
    let staleCount = 0
    for (let round = 0; !staleCount && round < 160; round++)
      staleCount = (await race({ dbs, workers: 16, operations: 250, seed: seed + 2 + round })).violations
        .length
    expect(staleCount).toBeGreaterThan(0)
  })
})
