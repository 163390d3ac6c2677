import type { Datamodel } from '@larder/prisma'
import { setting, sized, sweep } from '@larder/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { drawOf, readsOf, startDrizzle } from './dangling-rows/drizzle.ts'
import {
  draw,
  fluentReads,
  type GeneratedClient,
  generateClient,
  reads,
  startPrisma,
} from './dangling-rows/prisma.ts'
import { type DanglingAccount, walkDangling } from './dangling-rows/walk.ts'

// Rows refer to rows that do not exist yet and are inserted later. No foreign key forbids it.

const steps = setting('LARDER_DANGLING_STEPS', 10, 200)
const seed = setting('LARDER_DANGLING_SEED', 1)
const timeout = 60_000 + steps * 1_500

let generated: GeneratedClient
beforeAll(async () => {
  generated = await generateClient()
})
afterAll(() => generated.remove())

async function walkPrisma(
  from: number,
  length: number,
  change?: (whole: Datamodel) => Datamodel,
  compared = reads,
): Promise<DanglingAccount> {
  const clients = await startPrisma(generated, change)
  try {
    return await walkDangling({ ...clients, reads: compared, draw, seed: from, steps: length })
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
    expect(succeeded).toBeGreaterThan(sized(0, steps / 4))
    expect(changed).toBeGreaterThan(steps * 3)
    expect(hits).toBeGreaterThan(steps * sized(3, 10))
  },
)

test('the random walk finds stale results of a datamodel with foreign keys that the database lacks', {
  timeout: 600_000,
}, async () => {
  const change = (whole: Datamodel): Datamodel => ({ ...whole, relationMode: 'foreignKeys' })
  // These show it first. No others are read in a short run.
  let staleCount = 0
  for (let from = 1; !staleCount && from < 7; from++)
    staleCount = (await walkPrisma(from, 100, change, sized(fluentReads, reads))).stale.length
  expect(staleCount).toBeGreaterThan(0)
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
      expect(succeeded).toBeGreaterThan(sized(0, steps / 3))
      expect(changed).toBeGreaterThan(steps)
      expect(hits).toBeGreaterThan(steps * sized(2, 5))
    } finally {
      await clients.stop()
    }
  },
)
