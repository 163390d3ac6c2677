import { setting, sweep } from '@larder/testing'
import { describe, expect, test } from 'vitest'
import { datamodelWithoutCascades, storeDeafTo, storeWithoutCells } from '../broken/stores.ts'
import { EVERY_MODEL } from '../support/cached-client.ts'
import { startPgliteDatabase, startPostgresDatabase } from '../support/databases.ts'
import { type Account, type Run, walk } from './prisma-walk.ts'

// After every random step, each query of the list returns through the cache what the database holds.
// LARDER_FRESHNESS_STEPS takes a longer walk, LARDER_FRESHNESS_SEED another one.

const steps = setting('LARDER_FRESHNESS_STEPS', 24, 1_600)
const seed = setting('LARDER_FRESHNESS_SEED', 1)
const timeout = 120_000 + steps * 1_500

type Rest = Omit<Run, 'database'>

async function on(start: typeof startPgliteDatabase, run: Rest): Promise<Account> {
  const database = await start()
  try {
    return await walk({ ...run, database })
  } finally {
    await database.stop()
  }
}

/** No stale result, and enough writes, hits and entries with result dependencies for this to mean something. */
function expectFresh(account: Account, least: { hits: number; resultDependencies: number }): void {
  expect(account.stale, 'LARDER_FRESHNESS_SEED is the seed of what follows').toEqual([])
  expect(account.succeeded / account.steps).toBeGreaterThan(0.4)
  expect(account.hits / account.reads).toBeGreaterThan(least.hits)
  expect(account.resultDependencies / account.steps).toBeGreaterThan(least.resultDependencies)
}

/** Keys that only the user can name, over columns that change often. */
const lookupKeys = {
  ...EVERY_MODEL,
  User: { ttl: '1h', lookupKeys: [['role'], ['name']] },
  Post: { ttl: '1h', lookupKeys: [['published', 'authorId'], ['title']] },
  Seat: { ttl: '1h', lookupKeys: [['holder'], ['venue']] },
  Membership: { ttl: '1h', lookupKeys: [['level']] },
} as const

describe('no cached result differs from the database', () => {
  test(`after any of ${steps} random steps on PostgreSQL`, { timeout }, async () => {
    expectFresh(await on(startPostgresDatabase, { seed, steps }), { hits: 0.5, resultDependencies: 3 })
  })

  test('after two concurrent steps, with lookup keys in the policies', { timeout }, async () => {
    const run = { seed: seed + 1, steps: Math.ceil(steps / 2), together: 0.6, cached: { models: lookupKeys } }
    expectFresh(await on(startPostgresDatabase, run), { hits: 0.4, resultDependencies: 3 })
  })

  test('after any random step, without a datamodel', { timeout }, async () => {
    const run: Rest = {
      seed: seed + 2,
      steps: Math.max(8, Math.ceil(steps / 6)),
      cached: { datamodel: false },
    }
    expectFresh(await on(startPostgresDatabase, run), { hits: 0.1, resultDependencies: -1 })
  })

  test('after any random step on PGlite', { timeout }, async () => {
    expectFresh(await on(startPgliteDatabase, { seed: seed + 3, steps: Math.ceil(steps / 5) }), {
      hits: 0.5,
      resultDependencies: 3,
    })
  })
})

describe('the random walk finds stale results of', () => {
  const broken: readonly (readonly [string, NonNullable<Run['cached']>])[] = [
    ['a store that ignores writes to one table', { options: { store: storeDeafTo('main:blog_posts') } }],
    ['a store that does not invalidate rows', { options: { store: storeWithoutCells() } }],
    ['a schema without cascades', { datamodel: datamodelWithoutCascades() }],
  ]
  test.each(sweep(broken, 2))('%s', async (_name, cached) => {
    const { stale, steps: stepCount } = await on(startPostgresDatabase, { seed: 1, steps: 150, cached })
    expect(stale.length).toBeGreaterThan(0)
    expect(stepCount).toBeLessThan(150)
  })
})
