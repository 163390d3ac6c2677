import { memoryStore } from '@larder/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cachedClient } from './cached.ts'
import { startPgliteDatabase, type TestDatabase } from './databases.ts'
import { createRandom } from './random.ts'

const ROWS = 10_000

let database: TestDatabase
beforeAll(async () => {
  database = await startPgliteDatabase()
  await database.run(
    `INSERT INTO league_player (id, handle, region, best) SELECT n, 'p' || n, 'r' || n % 10, 0 FROM generate_series(1, ${ROWS}) n`,
  )
})
afterAll(() => database.stop())

test('with 1 % writes by id over 10,000 rows, reads by id keep at least 95 % hits', {
  timeout: 120_000,
}, async () => {
  const { client, cache } = cachedClient(database.client().client, { options: { store: memoryStore() } })
  const { int, chance } = createRandom(3)
  // Warm, many at once: Prisma makes one statement of those that are asked for together.
  for (let from = 1; from <= ROWS; from += 500)
    await Promise.all(
      Array.from({ length: 500 }, (_, index) => client.player.findUnique({ where: { id: from + index } })),
    )
  const before = cache.stats()
  const expected = new Map<number, number>()
  for (let done = 0; done < 12_000; done++) {
    const id = int(1, ROWS)
    if (chance(0.01)) {
      const { best } = await client.player.update({ where: { id }, data: { best: { increment: 1 } } })
      expected.set(id, best)
    } else {
      const player = await client.player.findUnique({ where: { id } })
      expect(player?.best).toBe(expected.get(id) ?? 0)
    }
  }
  const after = cache.stats()
  const ratio = (after.hits - before.hits) / (after.reads - before.reads)
  expect(expected.size).toBeGreaterThan(50)
  expect(ratio).toBeGreaterThanOrEqual(0.95)
})
