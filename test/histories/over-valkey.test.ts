import { type Cache, createCache } from '@larder/core'
import { ownProcess, setting, sized, sweep, valkeyUrl } from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { PrismaClient } from '../../prisma/generated/client/client.ts'
import { walk } from '../random-steps/prisma-walk.ts'
import { cachedClient, EVERY_MODEL } from '../support/cached-client.ts'
import { startPostgresDatabase, type TestDatabase } from '../support/databases.ts'
import { race, seedRace } from './prisma-race.ts'

// The walks and histories of the other files, on a server that several caches share.

type Mode = 'off' | 'validate' | 'push'
const steps = setting('LARDER_FRESHNESS_STEPS', 5, 160)
const operations = setting('LARDER_HISTORY_OPERATIONS', 250, 8_000)
const seed = setting('LARDER_FRESHNESS_SEED', 1)
let count = 0

/** A cache as another process would have it: with a connection and memory of its own, and keys of this test only. */
async function cacheOver(mode: Mode, namespace: string): Promise<Cache> {
  const store = ownProcess(valkeyStore(await valkeyUrl()))
  await store.ping()
  const cache = createCache({ store, namespace, memory: { mode } })
  // The test server has no memory limit, which is a warning.
  cache.on('warning', () => {})
  caches.push(cache)
  return cache
}

let database: TestDatabase
const caches: Cache[] = []
let namespace: string
beforeEach(async () => {
  database = await startPostgresDatabase(8)
  namespace = `prisma-${process.pid}-${count++}`
})
afterEach(async () => {
  await Promise.all(caches.splice(0).map((cache) => cache.close()))
  await database.stop()
})

describe.each(sweep(['validate', 'push', 'off'] as const, 2))('over Valkey, memory %s', (mode) => {
  test('no cached result differs from the database after any random step', { timeout: 600_000 }, async () => {
    const cached = { cache: await cacheOver(mode, namespace) }
    const account = await walk({ database, seed: seed + 10, steps, cached })
    expect(account.stale).toEqual([])
    expect(account.hits / account.reads).toBeGreaterThan(0.4)
  })
})

describe.each(['off', 'validate'] as const)('over Valkey, memory %s', (mode) => {
  test('two caches of one server never read less than was written or read before', {
    timeout: 600_000,
  }, async () => {
    const keyed = { ...EVERY_MODEL, Stock: { ttl: '1h', lookupKeys: [['warehouse']] } } as const
    await seedRace(database)
    const [first, second] = [await cacheOver(mode, namespace), await cacheOver(mode, namespace)]
    const clients = [
      cachedClient(database.client().client, { cache: first, models: keyed }).client,
      cachedClient(database.client().client, { cache: second }).client,
    ] as unknown as PrismaClient[]
    const { violations } = await race({
      cache: [first, second],
      clients,
      workers: 12,
      operations,
      seed: seed + 20,
    })
    expect(violations).toEqual([])
    for (const cache of [first, second])
      expect(cache.stats().hits).toBeGreaterThan(operations / sized(125, 50))
  })
})
