import { memoryStore } from '@larder/core'
import { systemClock } from '@larder/core/host'
import { expect, test } from 'vitest'
import { EVERY_MODEL } from '../support/cached-client.ts'
import { cachedPrisma } from '../support/cached-prisma.ts'

const here = cachedPrisma()

test('a write outside Larder is visible after the ttl or after an invalidation', async () => {
  let skew = 0
  const clock = { ...systemClock, now: () => systemClock.now() + skew }
  const models = { ...EVERY_MODEL, Stock: { ttl: '1m', jitter: 0 } } as const
  here.build({ store: memoryStore({ clock }) }, { models })
  const outside = (quantity: number) => here.plain.stock.update({ where: { id: 1 }, data: { quantity } })
  await here.stock()
  await outside(5)
  expect((await here.stock()).quantity).toBe(0)
  skew = 60_000
  expect((await here.stock()).quantity).toBe(5)
  await outside(6)
  await here.prisma.$cache.invalidate({ models: ['Stock'] })
  expect((await here.stock()).quantity).toBe(6)
})
