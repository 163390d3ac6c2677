import { createCache } from '@larder/core'
import { valkeyUrl } from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import { Redis } from 'iovalkey'
import { expect, it } from 'vitest'
import { PrismaClient } from '../../../prisma/generated/client/client.ts'
import { openDatabase } from '../src/database.ts'
import { authorsAfter } from '../src/hand-written/after.ts'
import type { Authors } from '../src/hand-written/authors.ts'
import { authorsBefore } from '../src/hand-written/before.ts'

/** The pages of two authors, each twice, at the start and after each write. */
async function answers(authors: Authors): Promise<unknown[]> {
  const pages: unknown[] = []
  const show = async (): Promise<void> => {
    for (const id of [1, 2, 1, 2]) pages.push(await authors.page(id))
  }
  await show()
  await authors.rename(1, 'Ada L.')
  await show()
  await authors.publish(2, 'Tea')
  await show()
  return pages
}

it('a hand-written cache returns the same results with cache.wrap under the same keys', async () => {
  const database = await openDatabase()
  const url = await valkeyUrl()
  const redis = new Redis(url)
  const namespace = `migration_${process.pid}`
  const cache = createCache({ namespace, store: valkeyStore(url), finish: 'await' })
  const clients = [0, 1].map(() => new PrismaClient({ adapter: database.adapter() })) as [
    PrismaClient,
    PrismaClient,
  ]
  await database.reset()
  await redis.del('author-page:1', 'author-page:2')
  const expected = await answers(authorsBefore(clients[0], redis))
  await database.reset()
  expect(await answers(authorsAfter(clients[1], cache))).toEqual(expected)
  // Of twelve pages four have to be loaded: two at the start, and one after each write.
  expect(cache.stats().models.wrap?.hits).toBeGreaterThan(4)
  await redis.del('author-page:1', 'author-page:2')
  for (const client of clients) await client.$disconnect()
  await Promise.all([redis.quit(), cache.close()])
  await database.close()
})
