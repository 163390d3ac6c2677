import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type OwnClient, ownClient, repeatWhenBusy } from '../../../testing/src/index.ts'
import type { Datamodel } from '../../src/index.ts'
import {
  type Connected,
  connect,
  errorOf,
  mariadbDatabase,
  type PrismaClient,
  type TestDatabase,
} from '../support/client.ts'

repeatWhenBusy()

// The statements of MySQL's dialect, on a MariaDB, by Prisma's own adapter.

const SCHEMA = `
datasource db {
  provider = "mysql"
}
model Stock {
  id        Int      @id @default(autoincrement())
  sku       String   @unique @db.VarChar(40)
  warehouse String   @db.VarChar(40)
  quantity  Int      @default(0)
  version   Int      @default(0)
  updatedAt DateTime @updatedAt @map("updated at")
  @@map("inventory stock")
}
enum OrderStatus {
  OPEN @map("open")
  PAID @map("paid")
}
model Order {
  customer String      @db.VarChar(40)
  status   OrderStatus
  placedAt DateTime    @default(now()) @map("placed_at")
  @@id([customer, status], name: "id")
  @@map("inventory_order")
}
`
const TABLE = '`inventory stock`'
const DDL = [
  `CREATE TABLE ${TABLE} (id int PRIMARY KEY AUTO_INCREMENT, sku varchar(40) NOT NULL UNIQUE, warehouse varchar(40) NOT NULL,
    quantity int NOT NULL DEFAULT 0, version int NOT NULL DEFAULT 0, \`updated at\` datetime(3) NOT NULL)`,
  `CREATE TABLE inventory_order (customer varchar(40) NOT NULL, status enum('open', 'paid') NOT NULL,
    placed_at datetime(3) NOT NULL DEFAULT current_timestamp(3), PRIMARY KEY (customer, status))`,
]

let generated: OwnClient<typeof PrismaClient, Datamodel>
let database: TestDatabase
beforeAll(async () => {
  generated = await ownClient('lock', SCHEMA)
  database = await mariadbDatabase(DDL)
})
afterAll(async () => {
  await database.stop()
  await generated.remove()
})
beforeEach(async () => {
  await database.exec(`TRUNCATE ${TABLE}`)
  await database.exec(
    `INSERT INTO ${TABLE} (sku, warehouse, quantity, \`updated at\`) VALUES ('lamp', 'north', 3, now()), ('desk', 'north', 1, now())`,
  )
})

const lamp = { where: { sku: 'lamp' } }
const over = (max = 5): Connected =>
  connect(database, { from: generated.PrismaClient, datamodel: generated.datamodel, max })

/** Runs `body` while another transaction holds the lamp by a lock of this strength. */
async function whileHeld<T>(
  { db }: Connected,
  strength: 'update' | 'share',
  body: () => Promise<T>,
): Promise<T> {
  return db.$transaction(async (tx) => {
    await tx.stock.lock({ ...lamp, strength })
    return body()
  })
}

/** The error of a statement that waited, or would have had to wait, for a lock of another transaction. */
const WAITED = /1205|Lock wait timeout/

describe('lock on MariaDB', () => {
  it('keeps the row locked for other transactions until the transaction ends', async () => {
    const { db } = over()
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

  it('blocks an UPDATE outside Larder', async () => {
    const connected = over()
    await database.exec('SET innodb_lock_wait_timeout = 1')
    const update = `UPDATE ${TABLE} SET quantity = 9 WHERE sku = 'lamp'`
    const error = await whileHeld(connected, 'update', () => errorOf(database.exec(update)))
    expect(error.message).toMatch(WAITED)
    await database.exec(update)
  })

  it('reads the row from the database even if it is cached, and stores nothing', async () => {
    const { db, sources, statements } = over()
    // The adapter shows its database with the first statement.
    await db.$queryRaw`SELECT 1`
    await db.stock.findUnique(lamp)
    await database.exec(`UPDATE ${TABLE} SET quantity = 7 WHERE sku = 'lamp'`)
    statements()
    expect(await db.$transaction(async (tx) => (await tx.stock.lock(lamp)).quantity)).toBe(7)
    const sent = statements()
    expect(sent).toHaveLength(3)
    expect(sent[0]).toMatch(/^SELECT .* FROM `inventory stock` WHERE `sku` = \? FOR UPDATE$/)
    expect(await sources(() => db.stock.findUnique(lamp))).toEqual(['memory'])
  })

  describe('in a transaction with an older snapshot', () => {
    /** Reads something, lets somebody else run `sql`, then locks. */
    const late = ({ db }: Connected, sql: string, isolationLevel?: 'ReadCommitted') =>
      db.$transaction(async (tx) => {
        await tx.stock.findUnique({ where: { sku: 'desk' } })
        await database.exec(sql)
        return tx.stock.lock(lamp)
      }, isolationLevel && { isolationLevel })
    const change = `UPDATE ${TABLE} SET quantity = 8 WHERE sku = 'lamp'`

    it.each([
      ['changed', change],
      ['was created', `REPLACE INTO ${TABLE} VALUES (9, 'lamp', 'south', 5, 0, now())`],
    ])('refuses a row that %s after the snapshot', async (_, sql) => {
      expect(await errorOf(late(over(), sql))).toMatchObject({ code: 'LARDER_LOCK_OLD_SNAPSHOT' })
    })

    it('returns the current row at READ COMMITTED', async () => {
      expect(await late(over(), change, 'ReadCommitted')).toMatchObject({ quantity: 8 })
    })

    it('returns a row that was changed only by the transaction itself, or not at all', async () => {
      const connected = over()
      const other = `UPDATE ${TABLE} SET quantity = 8 WHERE sku = 'desk'`
      expect(await late(connected, other)).toMatchObject({ quantity: 3 })
      const changed = connected.db.$transaction(async (tx) => {
        await tx.stock.findUnique(lamp)
        await tx.stock.update({ ...lamp, data: { quantity: 1 } })
        return tx.stock.lock(lamp)
      })
      expect(await changed).toMatchObject({ quantity: 1 })
    })
  })

  it('with noWait fails immediately if another transaction holds the row', async () => {
    const connected = over()
    const error = await whileHeld(connected, 'update', () =>
      errorOf(connected.db.$transaction((tx) => tx.stock.lock({ ...lamp, noWait: true }))),
    )
    expect(String(error)).toMatch(WAITED)
  })

  it('with skipLocked returns null if another transaction holds the row, and the row otherwise', async () => {
    const connected = over()
    const skip = { ...lamp, skipLocked: true } as const
    const lock = () => connected.db.$transaction((tx) => tx.stock.lock(skip))
    expect(await whileHeld(connected, 'update', lock)).toBeNull()
    expect(await lock()).toMatchObject({ quantity: 3 })
  })

  it("of strength 'share' can be shared, and blocks changes of the row", async () => {
    const connected = over()
    const { db, statements } = connected
    const lock = (strength: 'share' | 'update') => () =>
      db.$transaction((tx) => tx.stock.lock({ ...lamp, strength, skipLocked: true }))
    expect(await whileHeld(connected, 'share', lock('share'))).toMatchObject({ quantity: 3 })
    expect(statements()[0]).toMatch(/LOCK IN SHARE MODE$/)
    expect(await whileHeld(connected, 'share', lock('update'))).toBeNull()
  })

  it.each(['no key update', 'key share'] as const)(
    "of strength '%s' is unsupported and refused before any SQL",
    async (strength) => {
      const { db, statements } = over()
      const run = db.$transaction((tx) => tx.stock.lock({ ...lamp, strength }))
      expect(await errorOf(run)).toMatchObject({ code: 'LARDER_LOCK_UNSUPPORTED' })
      expect(statements()).toEqual([])
    },
  )

  it('finds a row by a compound key whose enum has another name in the database', async () => {
    const { db } = over()
    await db.order.create({ data: { customer: 'ann', status: 'PAID' } })
    const where = { id: { customer: 'ann', status: 'PAID' } } as never
    expect(await db.$transaction((tx) => tx.order.lock({ where }))).toMatchObject({ customer: 'ann' })
  })

  it('prevents overselling', async () => {
    const { db } = over(12)
    await database.exec(`UPDATE ${TABLE} SET quantity = 20 WHERE sku = 'lamp'`)
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
