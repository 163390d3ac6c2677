import { setting, sized, sweep } from '@larder/testing'
import { afterAll, describe, expect, test } from 'vitest'
import { storeWithoutCells, withoutActions } from '../broken/stores.ts'
import { type Broken, removeGenerated, startClients } from './referential-actions/clients.ts'
import type { Carried } from './referential-actions/schema.ts'
import type { Walked } from './referential-actions/walk.ts'
import { walkActions } from './referential-actions/walk.ts'

// As prisma.test.ts, with the same settings, for a schema with every referential action.

const steps = Math.ceil(setting('LARDER_FRESHNESS_STEPS', 24, 840) * 0.36)
const seed = setting('LARDER_FRESHNESS_SEED', 1)
const timeout = 60_000 + steps * 600

afterAll(removeGenerated)

async function walk(carried: Carried, from: number, length: number, broken?: Broken): Promise<Walked> {
  const clients = await startClients(carried, broken)
  try {
    return await walkActions(clients, from, length)
  } finally {
    await clients.stop()
  }
}

const walks: readonly (readonly [string, Carried, number])[] = [
  ['the database, SET DEFAULT among them, on PostgreSQL', 'database', seed],
  ['the client (relationMode = "prisma") on PostgreSQL', 'client', seed + 2],
  ['the client (relationMode = "prisma") on MariaDB', 'client on MariaDB', seed + 3],
  ['the database, from another seed', 'database', seed + 1],
]

test.each(sweep(walks, 3))(
  `no cached result differs if referential actions are performed by %s`,
  { timeout },
  async (_, carried, from) => {
    const { stale, succeeded, hits, reads } = await walk(carried, from, steps)
    expect(stale, 'LARDER_FRESHNESS_SEED is the seed of what follows').toEqual([])
    expect(succeeded / steps).toBeGreaterThan(sized(0, 0.25))
    expect(hits / reads).toBeGreaterThan(sized(0.3, 0.5))
  },
)

describe('the random walk finds stale results of', () => {
  const broken: readonly (readonly [string, Carried, Broken])[] = [
    ['a store that does not invalidate rows', 'client', { store: storeWithoutCells() }],
    [
      'a schema without SetDefault',
      'database',
      { datamodel: (whole) => withoutActions(whole, ['SetDefault']) },
    ],
    ['a schema without the referential actions of the client', 'client', { datamodel: withoutActions }],
  ]

  test.each(sweep(broken))('%s', async (_, carried, fault) => {
    const { stale, steps: stepCount } = await walk(carried, 1, 150, fault)
    expect(stale.length).toBeGreaterThan(0)
    expect(stepCount).toBeLessThan(150)
  })
})
