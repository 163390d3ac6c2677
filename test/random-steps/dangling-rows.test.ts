import type { Datamodel } from '@larder/prisma'
import { setting, sweep } from '@larder/testing'
import { expect, test } from 'vitest'
import { drawOf, readsOf, startDrizzle } from './dangling-rows/drizzle.ts'
import { draw, reads, startPrisma } from './dangling-rows/prisma.ts'
import { type DanglingAccount, walkDangling } from './dangling-rows/walk.ts'

// Rows refer to rows that do not exist yet and are inserted later. No foreign key forbids it.

const steps = setting('LARDER_DANGLING_STEPS', 14, 200)
const seed = setting('LARDER_DANGLING_SEED', 1)
const timeout = 60_000 + steps * 1_500

async function walkPrisma(
  from: number,
  length: number,
  change?: (whole: Datamodel) => Datamodel,
): Promise<DanglingAccount> {
  const clients = await startPrisma(change)
  try {
    return await walkDangling({ ...clients, reads, draw, seed: from, steps: length })
  } finally {
    await clients.stop()
  }
}

test.each(sweep([seed, seed + 1, seed + 2]))(
  'Prisma with relationMode = "prisma" sees rows that appear after their referrers (seed %i)',
  {
    timeout,
  },
  async (from) => {
    const { stale, succeeded, changed, hits } = await walkPrisma(from, steps)
    expect(stale, 'LARDER_DANGLING_SEED is the seed of what follows').toEqual([])
    expect(succeeded).toBeGreaterThan(steps / 4)
    expect(changed).toBeGreaterThan(steps * 3)
    expect(hits).toBeGreaterThan(steps * 10)
  },
)

test('the random walk finds stale results of a datamodel with foreign keys that the database lacks', {
  timeout: 300_000,
}, async () => {
  const { stale } = await walkPrisma(1, 100, (whole) => ({ ...whole, relationMode: 'foreignKeys' }))
  expect(stale.length).toBeGreaterThan(0)
})

test.each([
  ['without foreign keys', false, seed],
  ['whose foreign keys the database lacks', true, seed + 1],
])(
  'Drizzle over a schema %s sees rows that appear after their referrers',
  {
    timeout,
  },
  async (_schema, declared, from) => {
    const clients = await startDrizzle(declared)
    try {
      const [reads, draw] = [readsOf(clients.schema), drawOf(clients.schema)]
      const { stale, succeeded, changed, hits } = await walkDangling({
        ...clients,
        reads,
        draw,
        seed: from,
        steps,
      })
      expect(stale, 'LARDER_DANGLING_SEED is the seed of what follows').toEqual([])
      expect(succeeded).toBeGreaterThan(steps / 3)
      expect(changed).toBeGreaterThan(steps)
      expect(hits).toBeGreaterThan(steps * 5)
    } finally {
      await clients.stop()
    }
  },
)
