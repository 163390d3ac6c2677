import { type Cache, createCache } from '@larder/core'
import { valkeyStore } from '@larder/valkey'
import { Redis } from 'iovalkey'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { PrismaClient } from '../../../prisma/generated/client/client.ts'
import { openDatabase } from '../src/database.ts'
import { blogAfter } from '../src/redis-extension/after.ts'
import { blogBefore } from '../src/redis-extension/before.ts'
import type { Blog } from '../src/redis-extension/blog.ts'
import { type Side, testSituations } from './situations.ts'
import { useTestKeys } from './test-keys.ts'

const keys = useTestKeys()

let database: Awaited<ReturnType<typeof openDatabase>>
beforeAll(async () => {
  database = await openDatabase()
})
afterAll(async () => {
  await database.close()
})

const redises: Redis[] = []
const caches: Cache[] = []
const clients: PrismaClient[] = []
beforeEach(async () => {
  await database.reset()
})
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.$disconnect()))
  await Promise.all(caches.splice(0).map((cache) => cache.close()))
  for (const each of redises.splice(0)) each.disconnect()
})

/** One process of the application, before or after. */
function open(side: Side, address = keys.url): Blog {
  const client = new PrismaClient({ adapter: database.adapter() })
  clients.push(client)
  if (side === 'before') {
    const redis = new Redis(address.replace(/^valkey:/, 'redis:'), { maxRetriesPerRequest: 0 })
    redis.on('error', () => {})
    redises.push(redis)
    return blogBefore(client, redis, keys.prefix)
  }
  const cache = createCache({ namespace: keys.prefix, store: valkeyStore(address), finish: 'await' })
  caches.push(cache)
  return blogAfter(client, cache)
}

/** Every read twice, at the start and after each write. */
async function answers(blog: Blog): Promise<unknown[]> {
  const all: unknown[] = []
  const show = async (): Promise<void> => {
    for (let time = 0; time < 2; time++)
      all.push([
        await blog.posts(),
        await blog.numbers(),
        await blog.user(1),
        await blog.user(9),
        await blog.account(1),
        await blog.author(1),
        await blog.author(2),
      ])
  }
  await show()
  await blog.rename(1, 'Ada L.')
  await show()
  await blog.publish(2, 'Tea')
  await show()
  await blog.removeDrafts()
  await show()
  await blog.usersChanged()
  await show()
  return all
}

/** As a response has it. `updatedAt` is the time of the run. */
const sent = (answer: unknown): unknown =>
  JSON.parse(JSON.stringify(answer, (name, value) => (name === 'updatedAt' ? 'now' : value)))

it('a blog on prisma-extension-redis sends the same responses with Larder', async () => {
  const expected = await answers(open('before'))
  await database.reset()
  const after = open('after')
  expect(sent(await answers(after))).toEqual(sent(expected))
  // Of ten rounds of six cached reads, less than half of the reads have to be loaded.
  const { hits, misses } = (caches[0] as Cache).stats()
  expect(hits).toBeGreaterThan(misses)
})

testSituations('prisma-extension-redis', {
  'a read that includes another model, after a write of another process': [
    async (side) => {
      const [mine, theirs] = [open(side), open(side)]
      await mine.bylines()
      await theirs.rename(1, 'Ada L.')
      return (await mine.bylines())[0]?.author.name
    },
    'Ada',
    'Ada L.',
  ],
  'a read after a transaction that was rolled back': [
    async (side) => {
      const blog = open(side)
      await blog.failToRename(1, 'Nobody')
      return (await blog.user(1))?.name
    },
    'Nobody',
    'Ada',
  ],
  'a write while the server is down': [
    async (side) => {
      // Nobody listens there.
      const blog = open(side, 'valkey://127.0.0.1:1')
      return blog.rename(1, 'Ada L.').then(
        () => 'written',
        () => 'an error',
      )
    },
    'an error',
    'written',
  ],
  'a time, read a second time': [
    async (side) => {
      const blog = open(side)
      await blog.author(1)
      return typeof (await blog.author(1)).createdAt
    },
    'string',
    'object',
  ],
})
