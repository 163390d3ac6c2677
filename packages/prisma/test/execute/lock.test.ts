import { repeatWhenBusy } from '@larder/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Connected, connect, errorOf, postgresDatabase, type TestDatabase } from '../support/client.ts'

repeatWhenBusy()

let database: TestDatabase
beforeAll(async () => {
  database = await postgresDatabase()
})
afterAll(() => database.stop())
beforeEach(async () => {
  await database.exec('TRUNCATE inventory_stock RESTART IDENTITY CASCADE')
  await database.exec(
    `INSERT INTO inventory_stock (sku, warehouse, quantity, updated_at) VALUES ('lamp', 'north', 3, now()), ('desk', 'north', 1, now())`,
  )
})

const lamp = { where: { sku: 'lamp' } }

/** Runs `body` while another transaction holds the lamp. */
async function whileHeld<T>({ db }: Connected, body: () => Promise<T>): Promise<T> {
  return db.$transaction(async (tx) => {
    await tx.stock.lock(lamp)
    return body()
  })
}

describe('lock', () => {
  it('keeps the row locked for other transactions until the transaction ends', async () => {
    const connected = connect(database)
    const { db } = connected
    const order: string[] = []
    const gate = Promise.withResolvers<void>()
    const first = db.$transaction(async (tx) => {
      const row = await tx.stock.lock(lamp)
      gate.resolve()
      await new Promise((resolve) => setTimeout(resolve, 50))
      await tx.stock.update({ ...lamp, data: { quantity: row.quantity - 1 } })
      order.push('first')
    })
    // A transaction that cannot begin in time opens no gate.
    await Promise.race([gate.promise, first])
    const second = db.$transaction(async (tx) => {
      const row = await tx.stock.lock(lamp)
      order.push('second')
      return row.quantity
    })
    await first
    expect(await second).toBe(2)
    expect(order).toEqual(['first', 'second'])
  })

  it('reads the row from the database even if it is cached, and stores nothing', async () => {
    const { db, sources, statements } = connect(database)
    await db.stock.findUnique(lamp)
    await database.exec(`UPDATE inventory_stock SET quantity = 7 WHERE sku = 'lamp'`)
    statements()
    expect(await db.$transaction(async (tx) => (await tx.stock.lock(lamp)).quantity)).toBe(7)
    const sent = statements()
    expect(sent).toHaveLength(2)
    expect(sent[0]).toMatch(/FOR UPDATE$/)
    // What the cache held is still what it holds: the other statement was none of ours.
    expect(await sources(() => db.stock.findUnique(lamp))).toEqual(['memory'])
  })

  it('returns the whole row with the types of the client', async () => {
    const { db } = connect(database)
    const locked = await db.$transaction((tx) => tx.stock.lock({ where: { id: 1 } }))
    expect(locked).toEqual(await db.$cached(false).stock.findUnique({ where: { id: 1 } }))
  })

  it('locks by a compound key', async () => {
    const { db, base } = connect(database)
    await database.exec('TRUNCATE strike_state CASCADE')
    await base.state.create({ data: { id: 1, name: 'one', airports: { create: { id: 5, name: 'a' } } } })
    const where = { name_stateId: { name: 'a', stateId: 1 } }
    expect(await db.$transaction((tx) => tx.airport.lock({ where }))).toMatchObject({ id: 5 })
  })

  it('with noWait fails immediately if another transaction holds the row', async () => {
    const connected = connect(database)
    const error = await whileHeld(connected, () =>
      errorOf(connected.db.$transaction((tx) => tx.stock.lock({ ...lamp, noWait: true }))),
    )
    expect(String(error)).toContain('55P03')
  })

  it('with skipLocked returns null if another transaction holds the row', async () => {
    const connected = connect(database)
    const locked = await whileHeld(connected, () =>
      connected.db.$transaction((tx) => tx.stock.lock({ ...lamp, skipLocked: true })),
    )
    expect(locked).toBeNull()
    expect(
      await connected.db.$transaction((tx) => tx.stock.lock({ ...lamp, skipLocked: true })),
    ).toMatchObject({ quantity: 3 })
  })

  it.each([
    ['share', 'FOR SHARE'],
    ['key share', 'FOR KEY SHARE'],
    ['no key update', 'FOR NO KEY UPDATE'],
  ] as const)('of strength %s sends %s', async (strength, sql) => {
    const { db, statements } = connect(database)
    await db.$transaction((tx) => tx.stock.lock({ ...lamp, strength }))
    expect(statements()[0]).toMatch(new RegExp(`${sql}$`))
  })

  it('outside a transaction is refused before any SQL', async () => {
    const { db, statements } = connect(database)
    expect(await errorOf(db.stock.lock(lamp))).toMatchObject({ code: 'LARDER_LOCK_OUTSIDE_TRANSACTION' })
    expect(statements()).toEqual([])
  })

  it('of a missing row is refused', async () => {
    const { db } = connect(database)
    const run = db.$transaction((tx) => tx.stock.lock({ where: { sku: 'none' } }))
    expect(await errorOf(run)).toMatchObject({ code: 'LARDER_ROW_NOT_FOUND' })
  })

  it.each([
    ['no unique key', { where: { warehouse: 'north' } }],
    ['null', { where: { sku: null } }],
    ['no filter', {}],
    ['an unknown option', { ...lamp, wait: false }],
    ['both noWait and skipLocked', { ...lamp, noWait: true, skipLocked: true }],
  ])('with %s is refused with the fix', async (_name, args) => {
    const { db } = connect(database)
    const run = db.$transaction((tx) => tx.stock.lock(args as never))
    expect(await errorOf(run)).toMatchObject({ code: 'LARDER_CONFIG' })
  })

  it('prevents overselling', async () => {
    const { db } = connect(database, { max: 12 })
    await database.exec(`UPDATE inventory_stock SET quantity = 20 WHERE sku = 'lamp'`)
    const buy = () =>
      db.$transaction(
        async (tx) => {
          const { quantity } = await tx.stock.lock(lamp)
          if (quantity < 1) return 0
          await tx.stock.update({ ...lamp, data: { quantity: quantity - 1 } })
          return 1
        },
        { maxWait: 60_000, timeout: 60_000 },
      )
    const sold = await Promise.all(Array.from({ length: 32 }, buy))
    expect(sold.filter(Boolean)).toHaveLength(20)
    expect((await db.stock.findUniqueOrThrow(lamp)).quantity).toBe(0)
  })
})
