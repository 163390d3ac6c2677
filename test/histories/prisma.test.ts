import { createCache, memoryStore } from '@larder/core'
import type { Store } from '@larder/core/store'
import { setting, sized } from '@larder/testing'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { PrismaClient } from '../../prisma/generated/client/client.ts'
import { naiveStore } from '../broken/stores.ts'
import { cachedClient, EVERY_MODEL } from '../support/cached-client.ts'
import { startPostgresDatabase, type TestDatabase } from '../support/databases.ts'
import { countResultDependencies } from '../support/result-dependencies.ts'
import { race, seedRace } from './prisma-race.ts'

// Every write raises a number in its row, so one pass over the history finds every stale read.

const operations = setting('LARDER_HISTORY_OPERATIONS', 400, 40_000)
const seed = setting('LARDER_HISTORY_SEED', 1)

let database: TestDatabase
beforeEach(async () => {
  database = await startPostgresDatabase(8)
  await seedRace(database)
})
afterEach(() => database.stop())

/** Two clients of one database on one cache; only one of them knows that reads are pinned by `warehouse`. */
function twoClients(store: Store) {
  const cache = createCache({ store })
  const keyed = { ...EVERY_MODEL, Stock: { ttl: '1h', lookupKeys: [['warehouse']] } } as const
  const clients = [keyed, EVERY_MODEL].map(
    (models) =>
      cachedClient(database.client().client, { cache, models, database: 'shop' })
        .client as unknown as PrismaClient,
  )
  return { cache, clients }
}

describe('concurrent histories on PostgreSQL', () => {
  test(`${operations} operations of 16 workers on two clients never read less than was written or read before`, {
    timeout: 180_000 + operations * 20,
  }, async () => {
    const entries = countResultDependencies()
    const { cache, clients } = twoClients(entries.store)
    const { violations, operations: done } = await race({ cache, clients, workers: 16, operations, seed })
    expect(violations, `LARDER_HISTORY_SEED=${seed}`).toEqual([])
    expect(done).toBeGreaterThanOrEqual(operations)
    const { hits, reads } = cache.stats()
    // Without hits the test would prove nothing.
    expect(hits / reads).toBeGreaterThan(sized(0.02, 0.1))
    expect(entries.count()).toBeGreaterThan(sized(0, operations / 100))
  })

  test('workers never read less than was written before if the store evicts almost everything', async () => {
    const { cache, clients } = twoClients(memoryStore({ maxEntries: 5 }))
    const { violations } = await race({
      cache,
      clients,
      workers: 8,
      operations: sized(300, 6_000),
      seed: seed + 1,
    })
    expect(violations).toEqual([])
    expect(cache.stats().hits).toBeGreaterThan(sized(1, 50))
  })

  test('the checker finds the stale reads of a cache that only deletes on write', async () => {
    const { cache, clients } = twoClients(naiveStore())
    // Whether a load overlaps a write is up to the machine.
    let staleCount = 0
    for (let round = 0; !staleCount && round < 75; round++) {
      const { violations } = await race({
        cache,
        clients,
        workers: 16,
        operations: 400,
        seed: seed + 2 + round,
      })
      staleCount = violations.length
    }
    expect(staleCount).toBeGreaterThan(0)
  })
})
