import { memoryStore } from '@larder/core'
import type { Fetched, Store, TagRequest } from '@larder/core/store'
import { expect, test } from 'vitest'
import { cachedPrisma } from '../support/cached-prisma.ts'
import { spyStore } from '../support/spy-store.ts'

const here = cachedPrisma()

const UNDO = new Error('undo')

test.each(['warm', 'cold'] as const)(
  'an uncommitted value is never read from the cache, whether it is %s',
  async (state) => {
    if (state === 'warm') await here.stock()
    await here.prisma
      .$transaction(async (tx) => {
        await tx.stock.update({ where: { id: 1 }, data: { quantity: 99 } })
        expect((await tx.stock.findUniqueOrThrow({ where: { id: 1 } })).quantity).toBe(99)
        expect((await here.stock()).quantity).toBe(0)
        expect((await here.stock()).quantity).toBe(0)
        throw UNDO
      })
      .catch((error: unknown) => expect(error).toBe(UNDO))
    if (state === 'warm') expect(await here.sourcesOf(() => here.stock())).toBe('memory')
    expect((await here.stock()).quantity).toBe(0)
    expect(await here.sourcesOf(() => here.stock())).toBe('memory')
  },
)

test('reads inside a transaction never use the cache', async () => {
  const spy = spyStore()
  here.build({ store: spy.store })
  await here.stock()
  spy.clear()
  const read = () =>
    here.prisma.$transaction(async (tx) => {
      await tx.stock.findUnique({ where: { id: 1 } })
      await tx.stock.findMany()
    })
  expect(await here.sourcesOf(read)).toBe('transaction; transaction')
  expect(
    await here.sourcesOf(() =>
      here.prisma.$transaction([here.prisma.stock.findUnique({ where: { id: 1 } })]),
    ),
  ).toBe('transaction')
  expect(spy.calls).toEqual([])
})

test('a transaction that is rolled back changes nothing in the store', async () => {
  const rolledBack = async (store: Store) => {
    const spy = spyStore(store)
    here.build({ store: spy.store })
    await here.stock()
    await here.prisma.stock.findUnique({ where: { sku: 's1' } })
    const before = await store.fetch(undefined, requests)
    spy.clear()
    const undone = here.prisma.$transaction(async (tx) => {
      await tx.stock.update({ where: { id: 1 }, data: { quantity: 99 } })
      await tx.stock.findMany()
      throw UNDO
    })
    await expect(undone).rejects.toBe(UNDO)
    return { before, calls: spy.calls }
  }
  // A first run shows which tags it marks.
  const requests: TagRequest[] = []
  const marked = memoryStore()
  const { mark } = marked
  marked.mark = (request) => {
    const { record, fields, known, cells } = request
    requests.push({ record, fields: [...new Set([...fields, ...known])], cells })
    return mark(request)
  }
  await rolledBack(marked)
  const store = memoryStore()
  const { before, calls } = await rolledBack(store)
  expect(calls.filter((call) => call !== 'mark')).toEqual(['finish'])
  const states = ({ tags }: Fetched) => tags.flatMap(({ fields, cells }) => [...fields, ...cells])
  const [was, is] = [states(before), states(await store.fetch(undefined, requests))]
  expect(was.filter((tag) => tag !== null).length).toBeGreaterThan(3)
  // A tag that the marks created may stay. It carries no mark.
  for (const [at, tag] of is.entries())
    expect(tag).toEqual(was[at] ?? (tag && { nonce: tag.nonce, dirty: false }))
  expect(await here.sourcesOf(() => here.stock())).toBe('memory')
  expect(await here.sourcesOf(() => here.prisma.stock.findUnique({ where: { sku: 's1' } }))).toBe('memory')
  expect(await here.sourcesOf(() => here.prisma.stock.findMany())).toBe('miss')
})

test('a failed array transaction changes nothing, and a savepoint rolls back only its own statements', async () => {
  await here.stock()
  await here.stock(2)
  const failing = here.prisma.$transaction([here.setQuantity(5), here.prisma.$executeRaw`SELECT 1 / 0`])
  await expect(failing).rejects.toMatchObject({ code: 'P2010' })
  expect((await here.stock()).quantity).toBe(0)
  await here.prisma.$transaction(async (tx) => {
    await tx.stock.update({ where: { id: 1 }, data: { quantity: 6 } })
    const inner = tx as unknown as typeof here.prisma
    await inner
      .$transaction(async (nested) => {
        await nested.stock.update({ where: { id: 2 }, data: { quantity: 7 } })
        throw UNDO
      })
      .catch((error: unknown) => expect(error).toBe(UNDO))
  })
  expect([(await here.stock()).quantity, (await here.stock(2)).quantity]).toEqual([6, 0])
})

test('the next read after a transaction sees its committed writes through every form of the client', async () => {
  await here.stock()
  await here.prisma.$cached({ ttl: '2m' }).stock.findUnique({ where: { id: 1 } })
  await here.prisma.$transaction((tx) => tx.stock.update({ where: { sku: 's1' }, data: { quantity: 8 } }))
  expect((await here.stock()).quantity).toBe(8)
  const { stock: other } = here.prisma.$cached({ ttl: '2m' })
  expect((await other.findUniqueOrThrow({ where: { id: 1 } })).quantity).toBe(8)
})
