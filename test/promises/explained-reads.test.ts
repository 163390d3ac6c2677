import { memoryStore } from '@larder/core'
import { systemClock } from '@larder/core/host'
import { expect, test } from 'vitest'
import { EVERY_MODEL } from '../support/cached-client.ts'
import { cachedPrisma } from '../support/cached-prisma.ts'

const here = cachedPrisma()

test('cache.explain reports the source of every read and the reason of every miss and bypass', async () => {
  let skew = 0
  const clock = { ...systemClock, now: () => systemClock.now() + skew }
  const models = {
    ...EVERY_MODEL,
    Stock: { ttl: '1m', jitter: 0 },
    User: { ttl: '1m', operations: ['findMany'] },
  } as const
  here.build({ store: memoryStore({ clock }), maxValueBytes: '1kb' }, { models })
  expect(await here.sourcesOf(() => here.stock())).toBe('miss')
  expect(await here.sourcesOf(() => here.stock())).toBe('memory')
  await here.setQuantity(1)
  expect(await here.sourcesOf(() => here.stock())).toBe('invalidated')
  skew = 61_000
  expect(await here.sourcesOf(() => here.stock())).toBe('expired')
  expect(await here.sourcesOf(() => here.prisma.$cached(false).stock.findUnique({ where: { id: 1 } }))).toBe(
    'disabled',
  )
  expect(await here.sourcesOf(() => here.prisma.user.count())).toBe('disabled')
  expect(await here.sourcesOf(() => here.prisma.$transaction((tx) => tx.stock.count()))).toBe('transaction')
  expect(await here.sourcesOf(() => here.prisma.$queryRaw`SELECT 1`)).toBe('no-policy')
  await here.plain.setting.create({ data: { id: 'large', value: 'x'.repeat(2_000) } })
  expect(await here.sourcesOf(() => here.prisma.setting.findMany())).toBe('too-large')
  const updateHold = here.watched.hold(({ sql }) => /^\s*UPDATE/.test(sql))
  const write = here.setQuantity(2).then(() => {})
  await updateHold.reached
  expect(await here.sourcesOf(() => here.stock())).toBe('dirty')
  updateHold.release()
  await write
  const { reads, hits, misses, bypasses } = here.cache.stats()
  expect(reads).toBe(hits + misses + bypasses)
  const { reads: explained } = await here.cache.explain(() => here.stock())
  expect(explained[0]).toMatchObject({ operation: 'Stock.findUniqueOrThrow', ttl: 60_000 })
  expect(explained[0]?.tags.length).toBeGreaterThan(0)
  expect(explained[0]?.key).toBeTypeOf('string')
})
