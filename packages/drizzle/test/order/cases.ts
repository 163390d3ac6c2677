import { setTimeout as sleep } from 'node:timers/promises'
import { createCache, memoryStore } from '@larder/core'
import { systemClock } from '@larder/core/host'
import { drizzleCache } from '@larder/drizzle'
import { absentParser, faultyStore, sized, sweep } from '@larder/testing'
import { asc, eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ContractDb } from '../contract/driver.ts'
import { differenceInOrder } from './compare.ts'
import type { Connected } from './connected.ts'
import type { RecordedStatement } from './recorder.ts'
import { fill, rowsOf } from './rows.ts'
import { raw } from './run-program.ts'
import { slowStore } from './slow-store.ts'

type Program = (db: ContractDb, driver: Connected) => Promise<unknown>

/** Starts a builder without awaiting it. */
function leave(running: PromiseLike<unknown>): void {
  running.then(undefined, () => {})
}

async function failing(): Promise<never> {
  throw new Error('the check failed')
}

const rename = (on: ContractDb, { schema }: Connected, title: string) =>
  on.update(schema.posts).set({ title }).where(eq(schema.posts.id, 1))
const renameRaw = (on: ContractDb, driver: Connected, title: string) =>
  raw(on, driver, sql`update blog_post set title = ${title} where id = 1`)
const read = (on: ContractDb, { schema }: Connected) =>
  on.select().from(schema.posts).where(eq(schema.posts.id, 1))
const tx = (inside: unknown): ContractDb => inside as ContractDb

type Together = (on: ContractDb, driver: Connected) => PromiseLike<unknown>[]

/** Statements that are called together in a transaction. */
const TOGETHER: Readonly<Record<string, Together>> = {
  'an update and a read': (on, driver) => [rename(on, driver, 'new'), read(on, driver)],
  'a read and an update': (on, driver) => [read(on, driver), rename(on, driver, 'new')],
  'two inserts': (on, { schema }) =>
    [1, 2].map((number) => on.insert(schema.posts).values({ id: 5_000 + number, title: 'new', authorId: 1 })),
  'a raw update and a typed one': (on, driver) => [renameRaw(on, driver, 'raw'), rename(on, driver, 'typed')],
  'a typed update and a raw one': (on, driver) => [rename(on, driver, 'typed'), renameRaw(on, driver, 'raw')],
  'a raw parent and its typed child': (on, driver) => [
    raw(on, driver, sql`insert into app_user (id, email) values (77, 'parent@x')`),
    on.insert(driver.schema.posts).values({ id: 5_003, title: 'child', authorId: 77 }),
  ],
}

/** Statements that are still running when the body throws. */
const LEFT: Readonly<Record<string, Program>> = {
  'a raw update next to a failing check': (on, driver) =>
    Promise.all([renameRaw(on, driver, 'never'), failing()]),
  'a typed update next to a failing check': (on, driver) =>
    Promise.all([rename(on, driver, 'never'), failing()]),
  async 'a raw update that is not awaited'(on, driver) {
    leave(renameRaw(on, driver, 'never'))
    throw new Error('undo')
  },
  async 'a typed insert that is not awaited'(on, { schema }) {
    leave(on.insert(schema.posts).values({ id: 5_004, title: 'never', authorId: 1 }))
    throw new Error('undo')
  },
}

/** The first and the last. */
const ends = <T>(all: readonly T[]): readonly T[] => [...all.slice(0, 1), ...all.slice(-1)]

/**
 * Named cases in which a wrapped db must send the same statements and leave the same rows as a plain one.
 * @param extent `few`: another driver of this kind of connection runs all of them. In a long run this one does, too.
 */
export function orderCases(connect: () => Promise<Connected>, extent: 'all' | 'few' = 'all'): void {
  const some = <T>(cases: Readonly<Record<string, T>>): readonly (readonly [string, T])[] => {
    const all = Object.entries(cases)
    return extent === 'few' ? sized(ends(all), all) : all
  }
  const [together, left] = [some(TOGETHER), some(LEFT)]
  describe.each(sweep([true, false]))('the order of statements, over a slow store: %s', (slow) => {
    let driver: Connected
    let wrapped: ContractDb
    beforeAll(async () => {
      driver = await connect()
    })
    afterAll(async () => driver?.stop())
    beforeEach(async () => {
      await fill(driver)
      const store = slow ? slowStore(1) : memoryStore({ isolated: true })
      const cache = createCache({ store }, { clock: systemClock, sqlParser: absentParser })
      wrapped = drizzleCache(driver.db(), { cache, schema: driver.schema, tables: { '*': { ttl: '1h' } } })
    })

    async function expectSame(program: Program): Promise<unknown> {
      const outcomes: { sent: readonly RecordedStatement[]; result: unknown; rows: unknown }[] = []
      for (const db of [driver.db(), wrapped]) {
        // Before the first of both `beforeEach` has filled the tables.
        if (db === wrapped) await fill(driver)
        driver.recorder.take()
        const result = await program(db, driver).catch((error: Error) => error.message)
        await sleep(5)
        outcomes.push({ sent: driver.recorder.take(), result, rows: await rowsOf(driver) })
      }
      const [plain, other] = outcomes
      expect(plain?.sent.length, 'recorded statements').toBeGreaterThan(0)
      expect(differenceInOrder(plain?.sent ?? [], other?.sent ?? [], true)).toBeUndefined()
      expect(other?.rows).toStrictEqual(plain?.rows)
      expect(
        await wrapped.select().from(driver.schema.posts).orderBy(asc(driver.schema.posts.id)),
      ).toStrictEqual(plain?.rows)
      return other?.result
    }

    it.each(together)('statements in a transaction keep their order: %s', async (_name, statements) => {
      await expectSame((db) => db.transaction((inside) => Promise.all(statements(tx(inside), driver))))
    })

    it.each(together)('statements in a savepoint keep their order: %s', async (_name, statements) => {
      await expectSame((db) =>
        db.transaction((outer) => outer.transaction((inside) => Promise.all(statements(tx(inside), driver)))),
      )
    })

    it.each(together)('statements outside transactions keep their order: %s', async (_name, statements) => {
      await expectSame((db) => Promise.all(statements(db, driver)))
    })

    it.each(left)('a failed transaction is rolled back, whatever follows: %s', async (_name, body) => {
      await expectSame(async (db) => {
        await db.transaction((inside) => body(tx(inside), driver)).catch(() => {})
        await db.transaction(async (inside) => {
          await tx(inside).select().from(driver.schema.users)
          await sleep(5)
          await tx(inside).select().from(driver.schema.posts)
        })
      })
    })

    it.each(left)('a failed savepoint is rolled back: %s', async (_name, body) => {
      await expectSame((db) =>
        db.transaction(async (outer) => {
          await outer.transaction((inside) => body(tx(inside), driver)).catch(() => {})
          await tx(outer).select().from(driver.schema.users)
        }),
      )
    })

    it('a statement that is not awaited is committed with its transaction', async () => {
      await expectSame((db) =>
        db.transaction(async (inside) => {
          leave(renameRaw(tx(inside), driver, 'raw'))
          leave(rename(tx(inside), driver, 'typed'))
        }),
      )
    })

    it('a read sees an insert that was called before it without being awaited', async () => {
      const rows = await expectSame(async (db) => {
        const { posts } = driver.schema
        leave(db.insert(posts).values({ id: 5_005, title: 'new', authorId: 1 }))
        const subquery = db.select().from(posts).where(eq(posts.id, 5_005)).as('of_a_view')
        return await db.select({ title: subquery.title }).from(subquery)
      })
      expect(rows).toEqual([{ title: 'new' }])
    })

    it('a statement on an ended transaction is rejected and not sent', async () => {
      for (const outcome of ['commit', 'rollback'] as const) {
        let leaked: ContractDb | undefined
        await wrapped
          .transaction(async (inside) => {
            leaked = tx(inside)
            await rename(leaked, driver, 'inside')
            if (outcome === 'rollback') throw new Error('undo')
          })
          .catch(() => {})
        driver.recorder.take()
        const late = leaked as ContractDb
        const refused = { code: 'LARDER_TRANSACTION_ENDED', message: expect.stringContaining('await') }
        await expect(Promise.resolve(rename(late, driver, 'late'))).rejects.toMatchObject(refused)
        await expect(Promise.resolve(renameRaw(late, driver, 'late'))).rejects.toMatchObject(refused)
        await expect(Promise.resolve(read(late, driver))).rejects.toMatchObject(refused)
        await expect(Promise.resolve(late.$count(driver.schema.posts))).rejects.toMatchObject(refused)
        await expect(late.transaction(async () => {})).rejects.toMatchObject(refused)
        expect(driver.recorder.take()).toEqual([])
      }
    })

    it('a statement on an ended savepoint is rejected, and the transaction continues', async () => {
      await wrapped.transaction(async (outer) => {
        let leaked: ContractDb | undefined
        await outer.transaction(async (inside) => {
          leaked = tx(inside)
        })
        await expect(Promise.resolve(rename(leaked as ContractDb, driver, 'late'))).rejects.toMatchObject({
          code: 'LARDER_TRANSACTION_ENDED',
        })
        await rename(tx(outer), driver, 'in time')
      })
      expect(await read(driver.db(), driver)).toMatchObject([{ title: 'in time' }])
    })

    it('a rejected write does not block later statements', async () => {
      const store = faultyStore(memoryStore({ isolated: true }))
      const cache = createCache({ store }, { clock: systemClock, sqlParser: absentParser })
      const posts = { ttl: '1h', onMarkFailure: 'reject' } as const
      const db = drizzleCache(driver.db(), { cache, schema: driver.schema, tables: { posts } })
      store.fail('rejects', 'mark')
      const write = Promise.resolve(rename(db, driver, 'refused'))
      const users = db.select().from(driver.schema.users)
      await expect(Promise.all([users, write])).rejects.toMatchObject({ code: 'LARDER_MARK_FAILED' })
      expect(await users).toHaveLength(3)
      const inside = db.transaction(async (transaction) => rename(tx(transaction), driver, 'refused'))
      await expect(inside).rejects.toMatchObject({ code: 'LARDER_MARK_FAILED' })
      store.fail('works')
      await rename(db, driver, 'works')
      expect(await read(driver.db(), driver)).toMatchObject([{ title: 'works' }])
    })
  })
}
