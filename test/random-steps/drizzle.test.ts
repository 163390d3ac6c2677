import { setting, sized, sweep } from '@larder/testing'
import { describe, expect, test } from 'vitest'
import { BROKEN } from '../broken/drizzle-hosts.ts'
import { type DrizzleDatabase, startDrizzleDatabase } from '../workload/drizzle/databases.ts'
import type { Dialect } from '../workload/drizzle/tables.ts'
import { walk } from './drizzle-walk.ts'

// Random reads and writes through a cached db, compared with an uncached one after each step.

const steps = setting('LARDER_DRIZZLE_STEPS', 8, 120)
const first = setting('LARDER_DRIZZLE_SEED', 1)
const seeds = setting('LARDER_DRIZZLE_SEEDS', 1, 3)
const dialects: readonly Dialect[] = ['postgres', 'mysql', 'sqlite']
const writes = ['invalidate', 'through'] as const

async function over<T>(dialect: Dialect, use: (database: DrizzleDatabase) => Promise<T>): Promise<T> {
  const database = await startDrizzleDatabase(dialect)
  try {
    return await use(database)
  } finally {
    await database.stop()
  }
}

describe.each(dialects.flatMap((dialect) => writes.map((write) => [dialect, write] as const)))(
  "Drizzle over %s, write: '%s'",
  (dialect, write) => {
    // A seed that is even takes several steps at a time.
    const from = first + sized(write === 'through' ? 1 : 0, 0)
    test.each(Array.from({ length: seeds }, (_, index) => from + index))(
      `${steps} random steps leave no stale result, seed %i`,
      { timeout: 180_000 + steps * 4_000 },
      async (seed) => {
        const together = seed % 2 || dialect === 'sqlite' ? 0 : 0.3
        const account = await over(dialect, (database) => walk({ database, seed, steps, together, write }))
        expect(account.stale, `LARDER_DRIZZLE_SEED=${seed}`).toEqual([])
        // Every failed step was refused by the server, and Larder knew the outcome.
        expect(account.unknown).toEqual([])
        // Steps that all fail and reads that never hit would prove nothing. MySQL has no static dependencies on text keys.
        expect(account.succeeded / account.steps).toBeGreaterThan(sized(0.1, 0.3))
        // So would entries without result dependencies.
        expect(account.resultDependencies).toBeGreaterThan(steps / 3)
        expect(account.hits / account.reads).toBeGreaterThan(
          (dialect === 'mysql' ? 0.05 : 0.2) * sized(0.4, 1),
        )
      },
    )
  },
)

describe('the random walk finds stale results of a host with', () => {
  test.each(sweep(Object.entries(BROKEN), 6))('%s', async (_, through) => {
    await over('sqlite', async (database) => {
      let staleCount = 0
      for (let seed = first; !staleCount && seed < first + 12; seed++)
        staleCount = (await walk({ database, seed, steps: 60, through })).stale.length
      expect(staleCount).toBeGreaterThan(0)
    })
  })
})
