import { memoryStore } from '@larder/core'
import { sized } from '@larder/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { driveParts, fillParts, readParts, type Trace, type Way } from '../../bench/parts.ts'
import { cachedClient } from '../support/cached-client.ts'
import { startPostgresDatabase, type TestDatabase } from '../support/databases.ts'

const TRACE: Trace = {
  rows: sized(1_000, 10_000),
  operations: sized(1_200, 12_000),
  seed: 3,
  writeShare: 0.01,
}

let database: TestDatabase
beforeAll(async () => {
  database = await startPostgresDatabase()
  await database.run(fillParts(TRACE.rows))
})
afterAll(() => database.stop())

/** The hit rate of each way of reading. With a datamodel every row is read in every way first. */
async function shares(withDatamodel: boolean, trace: Trace) {
  const { client, cache } = cachedClient(database.client().client, {
    // Large enough for every row in every way.
    options: { store: memoryStore({ maxBytes: '512mb' }) },
    ...(!withDatamodel && { datamodel: false as const }),
  })
  if (withDatamodel) await readParts(client, trace.rows)
  const hitShares = await driveParts(client, trace, () => cache.stats().hits)
  const uncached = database.client().client
  for (const itemNo of [1, 101, trace.rows / 2]) {
    const args = { where: { itemNo }, include: { partOf: true } }
    expect(await client.legacyItem.findUnique(args)).toEqual(await uncached.legacyItem.findUnique(args))
  }
  return hitShares
}

test('with 1 % writes, most reads by key, by unique label, by parent and with a parent are hits', async () => {
  const hitShares = await shares(true, TRACE)
  const least: Record<Way, number> = {
    'by key': 0.95,
    'by unique label': 0.95,
    "a parent's list": 0.9,
    'with its parent (to-one include)': 0.9,
  }
  for (const way of Object.keys(least) as Way[])
    expect(hitShares[way], way).toBeGreaterThanOrEqual(least[way])
})

test('without a datamodel, the same reads are rarely hits', async () => {
  const hitShares = await shares(false, { ...TRACE, operations: TRACE.operations / 4 })
  expect(Math.max(hitShares['by key'], hitShares['by unique label'])).toBeLessThan(0.1)
})
