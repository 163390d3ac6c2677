import { createCache, memoryStore } from '@larder/core'
import { expect, it } from 'vitest'
import { connectAfter, type Db } from '../src/accelerate/after.ts'
import { connectBefore } from '../src/accelerate/before.ts'
import { requests, script } from '../src/accelerate/requests.ts'
import { openDatabase } from '../src/database.ts'

/** The answers of all requests, one after the other, over the same rows. */
async function answers(db: Db): Promise<unknown[]> {
  const all: unknown[] = []
  for (const name of script) all.push([name, await requests[name]?.(db)])
  return all
}

/** `updatedAt` is the time of the run. */
const comparable = (answer: unknown): string =>
  JSON.stringify(answer, (name, value) => (name === 'updatedAt' ? 'now' : value))

it('an application written for Accelerate returns the same results with Larder', async () => {
  const database = await openDatabase()
  await database.reset()
  const before = connectBefore(database.adapter())
  const expected = await answers(before as unknown as Db)
  await before.$disconnect()
  await database.reset()
  const cache = createCache({ store: memoryStore({ isolated: true }) })
  const after = connectAfter(database.adapter(), cache)
  expect((await answers(after)).map(comparable)).toEqual(expected.map(comparable))
  // Each of the six cached requests at least once, when it is sent for the second time.
  expect(cache.stats().hits).toBeGreaterThan(6)
  await after.$disconnect()
  await cache.close()
  await database.close()
})
