import { eq, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import type { ContractDb, ContractSchema, Driver, Rules } from './driver.ts'
import { rule } from './skippable-rule.ts'
import { openWriteThrough } from './write-through.ts'

type World = ReturnType<typeof openWriteThrough>
type Tx = Parameters<Parameters<ContractDb['transaction']>[0]>[0]
type Body = (tx: Tx, contract: World) => Promise<unknown>

const raise = (tx: Tx, t: ContractSchema, views = 77) =>
  tx.update(t.posts).set({ views }).where(eq(t.posts.id, 1)).returning()

/** Transactions after which the read of post 1 is a hit with this value. */
const STORED: Readonly<Record<string, readonly [body: Body, views: number]>> = {
  'an update': [(tx, { t }) => raise(tx, t), 77],
  'an update of a row whose key comes from RETURNING': [
    (tx, { t }) => tx.update(t.posts).set({ views: 77 }).where(eq(t.posts.title, 'p1')).returning(),
    77,
  ],
  'the last of several updates': [
    async (tx, { t }) => {
      await raise(tx, t, 1)
      await raise(tx, t, 2)
      await tx.select().from(t.posts)
    },
    2,
  ],
  'an update, followed by updates of another row and another table': [
    async (tx, { t }) => {
      await raise(tx, t)
      await tx.update(t.posts).set({ views: 1 }).where(eq(t.posts.id, 2))
      await tx.update(t.comments).set({ text: 'new' }).where(eq(t.comments.id, 1))
    },
    77,
  ],
}

const LOCKED: Body = async (tx, { t }) => {
  const [row] = await tx.select().from(t.posts).where(eq(t.posts.id, 1)).for('update')
  await raise(tx, t, (row?.views ?? 0) + 1)
}

/** Transactions after which nothing is stored, committed or not. */
const NOT_STORED: Readonly<Record<string, Body>> = {
  'writes the row again without RETURNING': async (tx, { t }) => {
    await raise(tx, t)
    await tx.update(t.posts).set({ views: 5 }).where(eq(t.posts.id, 1))
  },
  'writes unknown rows of the table afterwards': async (tx, { t }) => {
    await raise(tx, t)
    await tx.update(t.posts).set({ views: 5 })
  },
  'writes the table by raw SQL afterwards': async (tx, { t, raw }) => {
    await raise(tx, t)
    await raw(tx as never, sql`update ${t.posts} set view_count = 5`)
  },
  'deletes the parent of the row afterwards': async (tx, { t, raw }) => {
    await raise(tx, t)
    await raw(tx as never, sql`delete from app_membership`)
    await tx.delete(t.users).where(eq(t.users.id, 1))
  },
  'catches a rejected write': async (tx, { t }) => {
    await raise(tx, t)
    await tx
      .insert(t.users)
      .values({ email: 'u1@x' })
      .execute()
      .catch(() => {})
  },
  'catches a rejected read': async (tx, { t, raw }) => {
    await raise(tx, t)
    await Promise.resolve(raw(tx as never, sql`select nothing_of_this from app_user`)).catch(() => {})
  },
  'catches a rejected write before its own': async (tx, { t }) => {
    await tx
      .insert(t.users)
      .values({ email: 'u1@x' })
      .execute()
      .catch(() => {})
    await raise(tx, t)
      .execute()
      .catch(() => {})
  },
  'writes in a savepoint': (tx, { t }) => tx.transaction((inner) => raise(inner, t).execute()),
  'rolls back to a savepoint': async (tx, { t }) => {
    await raise(tx, t)
    await tx
      .transaction(async (inner) => {
        await raise(inner, t, 5)
        inner.rollback()
      })
      .catch(() => {})
  },
  'sets a savepoint by hand': async (tx, { t, raw }) => {
    await raise(tx, t)
    await raw(tx as never, sql`savepoint by_hand`)
    await raise(tx, t, 5)
    await raw(tx as never, sql`rollback to by_hand`)
  },
}

const POSTGRES: Readonly<Record<string, Body>> = {
  'changes a setting': async (tx, { t }) => {
    await tx.execute(sql`set local search_path = public`)
    await raise(tx, t)
  },
  'calls a function that changes a setting': async (tx, { t }) => {
    await tx.execute(sql`select set_config('search_path', 'public', true)`)
    await raise(tx, t)
  },
  'calls such a function in a select': async (tx, { t }) => {
    const set = sql<string>`set_config('search_path', 'public', true)`
    await tx.select({ set }).from(t.users).limit(1)
    await raise(tx, t)
  },
}

/** Rows that are written through at COMMIT. */
export const writeThroughTransactionRules: Rules = (the, driver) => {
  if (driver.dialect === 'mysql') return
  describe("write: 'through' in transactions", () => {
    for (const [name, [body, views]] of Object.entries(STORED))
      it(`${name} is stored at COMMIT and not before`, async () => {
        const contract = openWriteThrough(the())
        const { db, post, sourceOf, plain, t } = contract
        await post(1)()
        await db.transaction((tx) => body(tx, contract))
        expect(await sourceOf(post(1))).toBe('memory')
        expect(await post(1)()).toStrictEqual(await plain.select().from(t.posts).where(eq(t.posts.id, 1)))
        expect(await post(1)()).toMatchObject([{ views }])
      })

    it('a row with a generated key is stored under all its keys', async () => {
      const { db, t, sourceOf, user } = openWriteThrough(the())
      await user('made@x')()
      const [inserted] = await db.transaction((tx) =>
        tx.insert(t.users).values({ email: 'made@x' }).returning(),
      )
      const byId = () =>
        db
          .select()
          .from(t.users)
          .where(eq(t.users.id, inserted?.id ?? 0))
      expect([await sourceOf(byId), await sourceOf(user('made@x'))]).toStrictEqual(['memory', 'memory'])
      expect(await user('made@x')()).toStrictEqual([inserted])
    })

    rule(
      driver,
      'a row that was locked before its update is stored',
      driver.dialect === 'sqlite' && 'SQLite has no row locks',
      async () => {
        const contract = openWriteThrough(the())
        await contract.db.transaction((tx) => LOCKED(tx, contract))
        expect(await contract.sourceOf(contract.post(1))).toBe('memory')
        expect(await contract.post(1)()).toMatchObject([{ views: 11 }])
      },
    )

    it('a rollback keeps the cached row', async () => {
      const { db, t, post, sourceOf } = openWriteThrough(the())
      await post(1)()
      const undone = db.transaction(async (tx) => {
        await raise(tx, t)
        tx.rollback()
      })
      await expect(undone).rejects.toThrow()
      expect(await sourceOf(post(1))).toBe('memory')
      expect(await post(1)()).toMatchObject([{ views: 10 }])
    })

    for (const [name, body] of Object.entries(notStored(driver)))
      it(`a transaction that ${name} stores nothing`, async () => {
        const contract = openWriteThrough(the())
        const { db, post, sourceOf, plain, t } = contract
        await post(1)()
        await db.transaction((tx) => body(tx, contract)).catch(() => {})
        expect(await sourceOf(post(1))).toMatch(/^database/)
        const expected = await plain.select().from(t.posts).where(eq(t.posts.id, 1))
        expect(await post(1)()).toStrictEqual(expected)
        expect(await post(1)()).toStrictEqual(expected)
      })
  })
}

function notStored({ dialect }: Driver): typeof NOT_STORED {
  return dialect === 'postgres' ? { ...NOT_STORED, ...POSTGRES } : NOT_STORED
}
