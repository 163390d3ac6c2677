import { expect, test } from 'vitest'
import { Prisma } from '../../prisma/generated/client/client.ts'
import { cachedPrisma } from '../support/cached-prisma.ts'
import { spyStore } from '../support/spy-store.ts'

const here = cachedPrisma()

const strengths = ['UPDATE', 'NO KEY UPDATE', 'SHARE', 'KEY SHARE'] as const

test.each(strengths)(
  'FOR %s reaches the database on every call and sends nothing to the store',
  async (strength) => {
    const spy = spyStore()
    here.build({ store: spy.store })
    await here.stock()
    await here.stock()
    const sql = `SELECT id FROM inventory_stock WHERE id = 1 FOR ${strength}`
    spy.clear()
    here.watched.clear()
    for (let call = 0; call < 3; call++) {
      await here.prisma.$queryRawUnsafe(sql)
      await here.prisma.$queryRaw(Prisma.raw(sql))
      await here.prisma.$cached({ ttl: '1m' }).$queryRawUnsafe(sql)
    }
    expect(here.watched.statements.filter((sent) => sent.sql === sql)).toHaveLength(9)
    expect(spy.calls).toEqual([])
    expect(await here.sourcesOf(() => here.prisma.$queryRawUnsafe(sql))).toBe('lock')
  },
)

test.each(strengths)('FOR %s in a transaction locks the row against another connection', async (strength) => {
  const other = await here.database.connect()
  const attempt = () => other.query('SELECT id FROM inventory_stock WHERE id = 1 FOR UPDATE NOWAIT')
  await here.stock()
  await here.prisma.$transaction(async (tx) => {
    await tx.$queryRawUnsafe(`SELECT id FROM inventory_stock WHERE id = 1 FOR ${strength}`)
    await expect(attempt()).rejects.toMatchObject({ code: '55P03' })
  })
  expect((await attempt()).rowCount).toBe(1)
})

test('a locking read leaves cached entries valid', async () => {
  await here.stock()
  await here.prisma.$queryRaw`SELECT id FROM inventory_stock WHERE id = 1 FOR UPDATE`
  expect(await here.sourcesOf(() => here.stock())).toBe('memory')
})
