import { createCache, memoryStore } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { createDatabase, type Database, postgresUrl } from '@larder/testing'
import { eq, inArray, sql } from 'drizzle-orm'
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { NativeCache } from '../broken/native-cache.ts'

// The same program runs with Drizzle's own cache and with Larder. Larder must be right where Drizzle's cache is wrong.

const stock = pgTable('stock', { id: integer().primaryKey(), amount: integer().notNull() })
const orders = pgTable('orders', { id: integer().primaryKey(), stockId: integer('stock_id'), note: text() })
const schema = { stock, orders }
type Db = NodePgDatabase<typeof schema>

/** A cached db, and ways to disturb what is around it. */
interface Program {
  readonly db: Db
  /** A db without a cache. */
  readonly plain: Db
  readonly sent: readonly string[]
  /** Holds back the next result whose SQL matches, until the function returned is called. */
  hold(matching: RegExp): { readonly arrived: Promise<void>; release(): void }
  /** Makes the cache's server fail. */
  breakCache(): void
}

let database: Database
const ends: (() => Promise<unknown>)[] = []
beforeAll(async () => {
  database = await createDatabase(await postgresUrl())
})
afterAll(async () => database.drop())
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

async function program(kind: 'native' | 'larder'): Promise<Program> {
  const pool = new pg.Pool({ connectionString: database.url, max: 4 })
  ends.push(() => pool.end())
  await pool.query(`DROP TABLE IF EXISTS stock, orders; CREATE TABLE stock (id int PRIMARY KEY, amount int NOT NULL);
    CREATE TABLE orders (id int PRIMARY KEY, stock_id int, note text);
    INSERT INTO stock VALUES (1, 10), (2, 20); INSERT INTO orders VALUES (1, 1, 'a')`)
  const plain = drizzle(pool, { schema })
  const sent: string[] = []
  let holding: { matching: RegExp; arrived: () => void; released: Promise<void> } | undefined
  const watched = new pg.Pool({ connectionString: database.url, max: 4, Client: listening(sent) })
  ends.push(() => watched.end())
  const query = watched.query.bind(watched) as (...parameters: unknown[]) => Promise<unknown>
  Object.assign(watched, {
    async query(first: { text: string }, ...rest: unknown[]) {
      const result = await query(first, ...rest)
      const currentHold = holding
      if (currentHold?.matching.test(first.text)) {
        holding = undefined
        currentHold.arrived()
        await currentHold.released
      }
      return result
    },
  })
  const native = new NativeCache()
  const memory = memoryStore()
  let broken = false
  const down = async (): Promise<never> => {
    throw new Error('connect ECONNREFUSED')
  }
  const store = {
    ...memory,
    fetch: (...parameters: Parameters<typeof memory.fetch>) =>
      broken ? down() : memory.fetch(...parameters),
  }
  const db =
    kind === 'native'
      ? drizzle(watched, { schema, cache: native })
      : drizzleCache(drizzle(watched, { schema }), {
          cache: createCache({ store }),
          tables: { '*': { ttl: '1h' } },
        })
  return {
    db: db as Db,
    plain,
    sent,
    hold(matching) {
      let release = (): void => {}
      const released = new Promise<void>((resolve) => {
        release = resolve
      })
      const arrived = new Promise<void>((resolve) => {
        holding = { matching, arrived: resolve, released }
      })
      return { arrived, release }
    },
    breakCache() {
      native.down = true
      broken = true
    },
  }
}

function listening(sent: string[]): typeof pg.Client {
  class Listening extends pg.Client {}
  const { query } = pg.Client.prototype as { query: (...parameters: unknown[]) => unknown }
  Object.assign(Listening.prototype, {
    query(this: pg.Client, ...parameters: unknown[]) {
      const [first] = parameters
      sent.push(typeof first === 'string' ? first : String((first as { text?: unknown }).text))
      return query.apply(this, parameters)
    },
  })
  return Listening
}

const first = (db: Db) => db.select().from(stock).where(eq(stock.id, 1))
const amount = async (db: Db) => (await first(db))[0]?.amount

/** Each resolves to whether the promise was kept. */
const CLAIMS: Readonly<Record<string, (program: Program) => Promise<boolean>>> = {
  'a locking read always reaches the database': async ({ db, sent }) => {
    await first(db).for('update')
    const before = sent.length
    await first(db).for('update')
    return sent.slice(before).some((text) => /for update/.test(text))
  },
  'a row of a rolled back transaction is never served': async ({ db }) => {
    const failing = db.transaction(async (tx) => {
      await tx.update(stock).set({ amount: 99 }).where(eq(stock.id, 1))
      await first(tx as unknown as Db)
      tx.rollback()
    })
    await failing.catch(() => {})
    return (await amount(db)) === 10
  },
  'a read after a committed transaction sees its writes': async ({ db }) => {
    await db.transaction(async (tx) => {
      await tx.update(stock).set({ amount: 11 }).where(eq(stock.id, 1))
      // Another caller reads before COMMIT. The old row is right then, and must not be served after the COMMIT.
      await first(db)
    })
    return (await amount(db)) === 11
  },
  'a load that began before a write does not restore the old row': async ({ db, hold }) => {
    const selectHold = hold(/^select/)
    const slow = amount(db)
    await selectHold.arrived
    await db.update(stock).set({ amount: 12 }).where(eq(stock.id, 1))
    selectHold.release()
    await slow
    return (await amount(db)) === 12
  },
  'a write to the table of a subquery invalidates the read': async ({ db, plain }) => {
    const read = (from: Db) =>
      from
        .select()
        .from(stock)
        .where(inArray(stock.id, from.select({ id: orders.stockId }).from(orders)))
        .orderBy(stock.id)
    await read(db)
    await db.insert(orders).values({ id: 2, stockId: 2 })
    return (await read(db)).length === (await read(plain)).length
  },
  'a raw SQL write invalidates the rows that it changes': async ({ db }) => {
    await amount(db)
    await db.execute(sql`update ${stock} set amount = 13 where id = 1`)
    return (await amount(db)) === 13
  },
  'an unavailable cache fails no query': async ({ db, breakCache }) => {
    breakCache()
    return (await amount(db).catch(() => undefined)) === 10
  },
}

describe("Drizzle's own cache and Larder", () => {
  for (const [name, claim] of Object.entries(CLAIMS)) {
    it(`Larder guarantees: ${name}`, async () => {
      expect(await claim(await program('larder'))).toBe(true)
    })

    it(`Drizzle's own cache does not guarantee: ${name}`, async () => {
      expect(await claim(await program('native'))).toBe(false)
    })
  }
})
