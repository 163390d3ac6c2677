import { createCache } from '@larder/core'
import { prismaCache } from '@larder/prisma'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Connected, connect, errorOf, postgresDatabase, type TestDatabase } from '../support/client.ts'

// Stock is written through: what a write returned is what the next plain read by key returns, without SQL.

let database: TestDatabase
beforeAll(async () => {
  database = await postgresDatabase()
})
afterAll(() => database.stop())
beforeEach(async () => {
  await database.exec('TRUNCATE inventory_stock, app_user RESTART IDENTITY CASCADE')
  await database.exec(`
    INSERT INTO inventory_stock (sku, warehouse, quantity, updated_at) VALUES ('a', 'w', 5, now()), ('b', 'w', 7, now())`)
})

const THROUGH = { '*': { ttl: '1m' }, Stock: { ttl: '1m', write: 'through' } } as const
const open = (models: Parameters<typeof connect>[1] = {}): Connected =>
  connect(database, { models: THROUGH, ...models })
const bySku = { where: { sku: 'a' } }
const byId = { where: { id: 1 } }
const sell = { quantity: { decrement: 1 } }

/** Reads under `cached` must be a hit, without SQL, and exactly what the database returns. */
async function expectHit({ db, base, statements, sources }: Connected, where: object): Promise<void> {
  statements()
  let row: unknown
  const source = await sources(async () => {
    row = await db.stock.findUnique({ where: where as typeof bySku.where })
  })
  expect(source).toEqual(['memory'])
  expect(statements()).toEqual([])
  const real = await base.stock.findUnique({ where: where as typeof bySku.where })
  expect(row).toStrictEqual(real)
  expect(JSON.stringify(row)).toBe(JSON.stringify(real))
}

async function expectMiss({ db, sources }: Connected, where: object): Promise<void> {
  const source = await sources(() => db.stock.findUnique({ where: where as typeof bySku.where }))
  expect(source).toEqual([expect.stringMatching(/^database: (miss|invalidated)$/)])
}

describe('after a write outside transactions', () => {
  it('an updated row is a hit by the key of the update, and by no key that it had to mark', async () => {
    const here = open()
    await here.db.stock.findUnique(byId)
    await here.db.stock.update({ ...bySku, data: sell })
    await expectHit(here, bySku.where)
    await expectMiss(here, byId.where)
  })

  it('repeated updates are hits, including for findUniqueOrThrow', async () => {
    const here = open()
    for (let remaining = 4; remaining > 0; remaining--) {
      const updated = await here.db.stock.update({ ...byId, data: sell })
      expect(updated.quantity).toBe(remaining)
      await expectHit(here, byId.where)
      expect(await here.sources(() => here.db.stock.findUniqueOrThrow(byId))).toEqual(['memory'])
    }
  })

  it('a created row is a hit by the keys that were set, and a miss by the generated one', async () => {
    const here = open()
    const created = await here.db.stock.create({ data: { sku: 'c', warehouse: 'w' } })
    await expectHit(here, { sku: 'c' })
    await expectMiss(here, { id: created.id })
  })

  it('a row that was looked up before it existed is found', async () => {
    const here = open()
    expect(await here.db.stock.findUnique({ where: { sku: 'c' } })).toBeNull()
    await errorOf(here.db.stock.findUniqueOrThrow({ where: { sku: 'c' } }))
    await here.db.stock.create({ data: { sku: 'c', warehouse: 'w' } })
    await expectHit(here, { sku: 'c' })
  })

  it.each(['c', 'a'])('an upserted row is a hit by its key after either branch (%s)', async (sku) => {
    const here = open()
    await here.db.stock.upsert({
      where: { sku },
      create: { sku, warehouse: 'w' },
      update: { quantity: { increment: 1 } },
    })
    await expectHit(here, { sku })
  })

  it('a row whose key was updated is a hit by the new key, and missing by the old one', async () => {
    const here = open()
    await here.db.stock.findUnique(bySku)
    await here.db.stock.update({ ...bySku, data: { sku: 'z' } })
    await expectHit(here, { sku: 'z' })
    expect(await here.db.stock.findUnique(bySku)).toBeNull()
  })

  it('a row is stored with any selection of all fields, without relations', async () => {
    const here = open()
    const all = { version: true, id: true, sku: true, warehouse: true, quantity: true, updatedAt: true }
    await here.db.stock.update({ ...bySku, data: sell, select: all })
    await expectHit(here, bySku.where)
    await here.db.stock.update({ ...bySku, data: sell, include: { lines: true } })
    await expectHit(here, bySku.where)
  })

  it.each([
    [
      'selects less',
      (here: Connected) => here.db.stock.update({ ...bySku, data: sell, select: { id: true } }),
    ],
    [
      'omits a field',
      (here: Connected) => here.db.stock.update({ ...bySku, data: sell, omit: { version: true } }),
    ],
    ['changes nothing', (here: Connected) => here.db.stock.update({ ...bySku, data: {} })],
    ['does not return the rows', (here: Connected) => here.db.stock.updateMany({ ...bySku, data: sell })],
    ['deletes', (here: Connected) => here.db.stock.delete(bySku)],
    [
      'is made through $cached(false)',
      (here: Connected) => here.db.$cached(false).stock.update({ ...bySku, data: sell }),
    ],
    ['is refused', (here: Connected) => errorOf(here.db.stock.update({ ...bySku, data: { sku: 'b' } }))],
  ] as const)('a write that %s only invalidates', async (_, write) => {
    const here = open()
    await here.db.stock.findUnique(bySku)
    await write(here)
    await expectMiss(here, bySku.where)
  })

  it('Larder sends the statement of the user and never a wider one', async () => {
    const [plain, through] = [open({ models: { '*': { ttl: '1m' } } }), open()]
    const sqlOf = async ({ db, statements }: Connected) => {
      statements()
      await db.stock.update({ ...bySku, data: sell, select: { id: true } })
      await db.stock.update({ ...bySku, data: sell })
      return statements()
    }
    expect(await sqlOf(through)).toEqual(await sqlOf(plain))
  })

  it('fields that the client omits globally are omitted in the stored row', async () => {
    const here = open({ client: { omit: { stock: { version: true } } } })
    await here.db.stock.update({ ...bySku, data: sell })
    await expectHit(here, bySku.where)
    await here.db.stock.update({ ...bySku, data: sell, omit: { version: false } })
    await expectHit(here, bySku.where)
  })

  it('a row is stored in the scope of the writer', async () => {
    let tenant: string | undefined = 'one'
    const here = open({ cache: { scope: () => tenant, requireScope: true } })
    await here.db.stock.update({ ...bySku, data: sell })
    await expectHit(here, bySku.where)
    tenant = 'two'
    await expectMiss(here, bySku.where)
    tenant = undefined
    await here.db.stock.update({ ...bySku, data: sell })
  })

  it('user tags invalidate the row', async () => {
    const here = open({ models: { Stock: { ttl: '1m', write: 'through', tags: ['shelf'] } } })
    await here.db.stock.update({ ...bySku, data: sell })
    await expectHit(here, bySku.where)
    await here.cache.invalidate({ tags: ['shelf'] })
    await expectMiss(here, bySku.where)
  })

  it('a row of a table with triggers is only invalidated', async () => {
    const here = open({ models: { Stock: { ttl: '1m', write: 'through', touches: ['User'] } } })
    await here.db.stock.update({ ...bySku, data: sell })
    await expectMiss(here, bySku.where)
  })

  it('every type of value is served as a read returns it', async () => {
    const { db, base, sources } = open({ models: { '*': { ttl: '1m', write: 'through' } } })
    const created = await db.user.create({ data: { email: 'Ä@x' } })
    let row: unknown
    expect(await sources(async () => (row = await db.user.findUnique({ where: { email: 'Ä@x' } })))).toEqual([
      'memory',
    ])
    expect(row).toStrictEqual(created)
    expect(row).toStrictEqual(await base.user.findUnique({ where: { email: 'Ä@x' } }))
  })
})

describe('after a transaction', () => {
  it('a locked, updated and committed row is displayed without SQL', async () => {
    const here = open()
    const { db } = here
    await db.stock.findUnique(bySku)
    await db.$transaction(async (tx) => {
      const [locked] = await tx.$queryRaw<{ quantity: number }[]>`
        SELECT quantity FROM inventory_stock WHERE sku = 'a' FOR UPDATE`
      await tx.stock.update({ ...bySku, data: { quantity: (locked?.quantity ?? 0) - 1 } })
    })
    await expectHit(here, bySku.where)
    expect((await db.stock.findUnique(bySku))?.quantity).toBe(4)
  })

  it('a row locked with lock() and then updated is stored', async () => {
    const here = open()
    await here.db.$transaction(async (tx) => {
      const { quantity } = await tx.stock.lock(bySku)
      await tx.stock.update({ ...bySku, data: { quantity: quantity - 1 } })
    })
    await expectHit(here, bySku.where)
    expect((await here.db.stock.findUnique(bySku))?.quantity).toBe(4)
  })

  it('a created row is a hit by every key, because no other transaction saw it before', async () => {
    const here = open()
    const created = await here.db.$transaction((tx) =>
      tx.stock.create({ data: { sku: 'c', warehouse: 'w' } }),
    )
    await expectHit(here, { sku: 'c' })
    await expectHit(here, { id: created.id })
  })

  it('the last of several changes is stored, and changes to other rows do not affect it', async () => {
    const here = open()
    await here.db.$transaction(async (tx) => {
      await tx.stock.update({ ...byId, data: sell })
      await tx.stock.update({ ...byId, data: sell })
      await tx.stock.update({ where: { id: 2 }, data: sell })
    })
    await expectHit(here, byId.where)
    await expectHit(here, { id: 2 })
  })

  it('a row that is changed again by another key is stored in its last state', async () => {
    const here = open()
    await here.db.$transaction(async (tx) => {
      await tx.stock.update({ ...byId, data: sell })
      await tx.stock.update({ ...bySku, data: sell })
    })
    await expectHit(here, byId.where)
    await expectHit(here, bySku.where)
  })

  it('an array of writes stores the rows of each write', async () => {
    const here = open()
    await here.db.$transaction([here.db.stock.update({ ...byId, data: sell }), here.db.stock.count()])
    await expectHit(here, byId.where)
  })

  it.each([
    [
      'updates it and selects fewer fields',
      (tx: Tx) => tx.stock.update({ ...byId, data: sell, select: { id: true } }),
    ],
    ['updates unknown rows', (tx: Tx) => tx.stock.updateMany({ data: sell })],
    ['deletes it', (tx: Tx) => tx.stock.delete(bySku)],
    ['writes raw SQL', (tx: Tx) => tx.$executeRaw`UPDATE inventory_stock SET quantity = 0`],
    ['sets a savepoint', (tx: Tx) => tx.$executeRaw`SAVEPOINT here`],
    ['is rejected for any reason', (tx: Tx) => errorOf(tx.stock.findUniqueOrThrow({ where: { sku: 'x' } }))],
  ] as const)('a later statement that %s leaves only the invalidation', async (_, later) => {
    const here = open()
    await here.db.stock.findUnique(byId)
    await here.db.$transaction(async (tx) => {
      await tx.stock.update({ ...byId, data: sell })
      await later(tx as unknown as Tx)
    })
    await expectMiss(here, byId.where)
  })

  it.each(['transaction', 'savepoint'])('a rolled back %s stores nothing', async (kind) => {
    const here = open()
    const failing = (client: Tx) =>
      client.$transaction(async (tx) => {
        await tx.stock.update({ ...byId, data: sell })
        throw new Error('no')
      })
    if (kind === 'transaction') await errorOf(failing(here.db as unknown as Tx))
    else await here.db.$transaction((tx) => errorOf(failing(tx as unknown as Tx)))
    await expectMiss(here, byId.where)
  })

  it('a COMMIT after the database has aborted the transaction stores nothing', async () => {
    const here = open()
    await here.db
      .$transaction(async (tx) => {
        await tx.stock.update({ ...byId, data: sell })
        await errorOf(tx.$queryRaw`SELECT 1 / 0`)
      })
      .catch(() => {})
    expect((await here.db.stock.findUnique(byId))?.quantity).toBe(5)
  })

  it("with unknownWrites 'event', a raw write of unknown tables invalidates nothing, but no row that it may have changed is stored", async () => {
    const here = open({ parser: false, cache: { unknownWrites: 'event' } })
    await here.db.$transaction(async (tx) => {
      await tx.stock.update({ ...byId, data: sell })
      await tx.$executeRaw`UPDATE inventory_stock SET quantity = 100`
    })
    expect((await here.db.stock.findUnique(byId))?.quantity).toBe(100)
  })
})

describe('the policy of write-through', () => {
  it('needs a datamodel', () => {
    const { base } = open()
    const without = (models: object) => () => base.$extends(prismaCache({ cache: createCache(), models }))
    const needed = {
      code: 'LARDER_CONFIG',
      message: expect.stringMatching(/write is "through", which needs `datamodel`/),
    }
    expect(without({ Stock: { ttl: 1, write: 'through' } })).toThrow(expect.objectContaining(needed))
    expect(without({ '*': { ttl: 1, write: 'through' } })).toThrow(expect.objectContaining(needed))
    expect(without({ '*': { ttl: 1, write: 'around' } })).not.toThrow()
  })

  it('is set per model, not per call', () => {
    expect(() => open().db.$cached({ write: 'around' })).toThrow(/describes the model/)
  })

  it("'around' keeps reads of the model cached, but not reads of other models", async () => {
    const here = open({ models: { '*': { ttl: '1m' }, Stock: { ttl: '1m', write: 'around' } } })
    const { db, cache, sources } = here
    const display = () => db.stock.findUnique(bySku)
    const lines = () => db.orderLine.findMany({ include: { stock: true } })
    const line = { sku: bySku.where.sku, quantity: 1, price: '1.00' }
    await db.order.create({ data: { customer: 'a', lines: { create: line } } })
    await Promise.all([display(), lines()])
    await db.stock.update({ ...bySku, data: sell })
    expect(await sources(display)).toEqual(['memory'])
    expect((await display())?.quantity).toBe(5)
    expect(await sources(lines)).toEqual(['database: invalidated'])
    await db.$executeRaw`UPDATE inventory_stock SET quantity = 1`
    expect((await display())?.quantity).toBe(1)
    await db.stock.update({ ...bySku, data: sell })
    await cache.invalidate({ tables: ['inventory_stock'] })
    expect((await display())?.quantity).toBe(0)
  })
})

type Tx = Connected['db']
