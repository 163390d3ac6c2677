import { type CacheOptions, memoryStore } from '@larder/core'
import { expect, test } from 'vitest'
import { cachedPrisma } from '../support/cached-prisma.ts'

const here = cachedPrisma()
const isSelect = ({ sql }: { sql: string }): boolean => /^\s*SELECT/.test(sql)

/** What happens between the answer of the database and the storing of the entry. */
const between: readonly (readonly [string, CacheOptions, () => Promise<unknown>])[] = [
  ['the write returns', {}, async () => {}],
  [
    'its tags are evicted',
    { store: memoryStore({ maxEntries: 1 }) },
    async () => {
      for (let id = 1; id <= 6; id++)
        await here.prisma.user.findUnique({ where: { id }, include: { posts: true } })
    },
  ],
  ['everything is invalidated', {}, () => here.cache.invalidate({ all: true })],
  ['its table is invalidated', {}, () => here.cache.invalidate({ tables: ['inventory_stock'] })],
]
const reads: readonly (readonly [string, () => PromiseLike<{ quantity: number } | null | undefined>])[] = [
  ['by id', () => here.stock()],
  ['by a unique field', () => here.prisma.stock.findUnique({ where: { sku: 's1' } })],
  ['of a list', async () => (await here.prisma.stock.findMany({ where: { id: { lt: 2 } } }))[0]],
  ['with relations', () => here.prisma.stock.findUnique({ where: { id: 1 }, include: { lines: true } })],
]
const cases = between.flatMap(([when, options, act]) =>
  reads.map(([shape, read]) => [shape, when, options, act, read] as const),
)

test.each(cases)(
  'the next read sees a write that commits after a load %s began, once %s',
  async (_shape, _when, options, act, read) => {
    here.build(options)
    const selectHold = here.watched.holdAnswer(isSelect)
    const load = Promise.resolve(read())
    await selectHold.reached
    await here.setQuantity(41)
    await act()
    selectHold.release()
    expect((await load)?.quantity).toBe(0)
    expect((await read())?.quantity).toBe(41)
    expect((await read())?.quantity).toBe(41)
  },
)

test('while a write waits for a row lock, reads return the old row, and the new row once the write has returned', async () => {
  const other = await here.database.connect()
  await here.stock()
  await other.query('BEGIN')
  await other.query('SELECT id FROM inventory_stock WHERE id = 1 FOR UPDATE')
  const sending = here.watched.hold(({ sql }) => /^\s*UPDATE/.test(sql))
  const write = here.setQuantity(42).then(() => {})
  await sending.reached
  sending.release()
  expect(await here.sourcesOf(() => here.stock())).toBe('dirty')
  expect((await here.stock()).quantity).toBe(0)
  await other.query('COMMIT')
  await write
  expect((await here.stock()).quantity).toBe(42)
})

test('a read called after an awaited write never joins a load that began before the write', async () => {
  const selectHold = here.watched.holdAnswer(isSelect)
  const older = Promise.resolve(here.stock())
  await selectHold.reached
  await here.setQuantity(51)
  // The older load is still in flight. This read must not join it.
  expect((await here.stock()).quantity).toBe(51)
  selectHold.release()
  expect((await older).quantity).toBe(0)
  expect((await here.stock()).quantity).toBe(51)
})

test('concurrent reads share one load', async () => {
  const selectHold = here.watched.holdAnswer(isSelect)
  const first = here.sourcesOf(() => here.stock())
  await selectHold.reached
  const second = here.sourcesOf(() => here.stock())
  await new Promise((resolve) => setImmediate(resolve))
  selectHold.release()
  expect([await first, await second]).toEqual(['miss', 'miss, shared'])
})
