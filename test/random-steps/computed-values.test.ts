import { createCache } from '@larder/core'
import { ownProcess, setting, sized, valkeyUrl } from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import { afterEach, describe, expect, test } from 'vitest'
import { breakCapture } from '../broken/captures.ts'
import { startPostgresDatabase } from '../support/databases.ts'
import { type Account, type Run, walk } from './computed-values/walk.ts'

// After every random step by Prisma or Drizzle, each computed value is what it would be if it were computed now.
// LARDER_FRESHNESS_STEPS takes a longer walk, LARDER_FRESHNESS_SEED another one.

const steps = setting('LARDER_FRESHNESS_STEPS', 7, 600)
const seed = setting('LARDER_FRESHNESS_SEED', 1)
const timeout = 120_000 + steps * 3_000

async function onPostgres(run: Omit<Run, 'database'>): Promise<Account> {
  const database = await startPostgresDatabase()
  try {
    return await walk({ ...run, database })
  } finally {
    await database.stop()
  }
}

describe('no computed value differs from a newly computed one', () => {
  test.each([
    ['cached', true],
    ['not cached', false],
  ])(`after any of ${steps} random steps, where its reads are %s`, { timeout }, async (_, policies) => {
    const { stale, hits, pages } = await onPostgres({ seed, steps, policies })
    expect(stale, 'LARDER_FRESHNESS_SEED is the seed of what follows').toEqual([])
    expect(hits / pages).toBeGreaterThan(sized(0.1, 0.2))
  })

  test('after any random step, over Valkey', { timeout }, async () => {
    const store = ownProcess(valkeyStore(await valkeyUrl()))
    const cache = createCache({ store, namespace: `computed-${process.pid}` })
    cache.on('warning', () => {})
    try {
      const run = { seed: seed + 1, steps: Math.ceil(steps / 2), policies: true, cache }
      const { stale, hits, pages } = await onPostgres(run)
      expect(stale).toEqual([])
      expect(hits / pages).toBeGreaterThan(sized(0.1, 0.2))
    } finally {
      await cache.close()
    }
  })
})

describe('the random walk finds stale values', () => {
  let restore: (() => void) | undefined
  afterEach(() => restore?.())

  test.each([
    'reads of Drizzle are not captured',
    'rows are not captured',
    'tables are not captured',
  ] as const)('if %s', { timeout }, async (rule) => {
    restore = breakCapture(rule)
    const { stale } = await onPostgres({ seed, steps: 200, policies: true })
    expect(stale.length).toBeGreaterThan(0)
  })
})
