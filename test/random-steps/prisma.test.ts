import { setting, sized, sweep } from '@larder/testing'
import { describe, expect, test } from 'vitest'
import { datamodelWithoutCascades, storeDeafTo, storeWithoutCells } from '../broken/stores.ts'
import { EVERY_MODEL } from '../support/cached-client.ts'
import { startPgliteDatabase, startPostgresDatabase, type TestDatabase } from '../support/databases.ts'
import { type Account, type Run, walk } from './prisma-walk.ts'

// After every random step, each query of the list returns through the cache what the database holds.
// LARDER_FRESHNESS_STEPS takes a longer walk, LARDER_FRESHNESS_SEED another one.

const steps = setting('LARDER_FRESHNESS_STEPS', 10, 1_600)
const seed = setting('LARDER_FRESHNESS_SEED', 1)
const timeout = 120_000 + steps * 1_500

type Rest = Omit<Run, 'database'>

/** Each connection costs PostgreSQL more than most steps do. Two transactions and a read beside them need three. */
const connections = sized(3, 5)

async function on(start: (connections: number) => Promise<TestDatabase>, run: Rest): Promise<Account> {
  const database = await start(connections)
  try {
    return await walk({ ...run, database })
  } finally {
    await database.stop()
  }
}

/** No stale result, and enough writes, hits and entries with result dependencies for this to mean something. */
function expectFresh(account: Account, least: { hits: number; resultDependencies: number }): void {
  expect(account.stale, 'LARDER_FRESHNESS_SEED is the seed of what follows').toEqual([])
  // Few steps may have luck: the bounds of a short run are wide.
  expect(account.succeeded / account.steps).toBeGreaterThan(sized(0.1, 0.4))
  expect(account.hits / account.reads).toBeGreaterThan(least.hits * sized(0.4, 1))
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
      steps: Math.max(sized(5, 8), Math.ceil(steps / 6)),
      cached: { datamodel: false },
    }
    expectFresh(await on(startPostgresDatabase, run), { hits: 0.1, resultDependencies: -1 })
  })

  // In a short run, packages/prisma and examples use PGlite, with fewer kinds of queries and steps.
  test.each(sweep([startPgliteDatabase], 0))(
    'after any random step on PGlite',
    { timeout },
    async (start) => {
      expectFresh(await on(start, { seed: seed + 3, steps: Math.ceil(steps / 5) }), {
        hits: 0.5,
        resultDependencies: 3,
      })
    },
  )
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
