import { eq, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import type { Rules } from './driver.ts'
import { rule, whyNoSecondConnection } from './skippable-rule.ts'

export const transactionRules: Rules = (the, driver) => {
  describe('transactions', () => {
    it('a read in a transaction is never cached, and its rows never reach the cache', async () => {
      const { t, db, sourceOf, relational } = the()
      const title = async () => (await db.select().from(t.posts).where(eq(t.posts.id, 1)))[0]?.title
      await title()
      const inside = await sourceOf(() =>
        db.transaction(async (tx) => {
          await tx.update(t.posts).set({ title: 'inside' }).where(eq(t.posts.id, 1))
          return tx.select().from(t.posts).where(eq(t.posts.id, 1))
        }),
      )
      expect(inside).toBe('database transaction')
      expect(await title()).toBe('inside')
      await expect(
        db.transaction(async (tx) => {
          await tx.update(t.posts).set({ title: 'never' }).where(eq(t.posts.id, 1))
          await relational.everythingById(tx as never, t)
          tx.rollback()
        }),
      ).rejects.toThrow()
      expect(await title()).toBe('inside')
    })

    it('an update in a transaction invalidates cached reads at COMMIT', async () => {
      const { t, db, plain, sourceOf } = the()
      const read = () => db.select().from(t.posts).where(eq(t.posts.authorId, 1)).orderBy(t.posts.id)
      const other = () => db.select().from(t.posts).where(eq(t.posts.id, 3))
      await read()
      await other()
      await db.transaction(async (tx) => {
        const update = tx.update(t.posts).set({ views: 77 }).where(eq(t.posts.id, 1))
        await (driver.dialect === 'mysql' ? update : update.returning())
      })
      expect(await read()).toStrictEqual(
        await plain.select().from(t.posts).where(eq(t.posts.authorId, 1)).orderBy(t.posts.id),
      )
      expect(await sourceOf(other)).toBe('memory')
    })

    it('the writes of a released savepoint are invalidated, and those of a rolled back one are never visible', async () => {
      const { t, db, plain } = the()
      const reads = [1, 2, 3].map((id) => () => db.select().from(t.posts).where(eq(t.posts.id, id)))
      for (const read of reads) await read()
      await db.transaction(async (tx) => {
        await tx.transaction(async (inner) => {
          await inner.update(t.posts).set({ views: 1 }).where(eq(t.posts.id, 1))
        })
        await tx
          .transaction(async (inner) => {
            await inner.update(t.posts).set({ views: 1 }).where(eq(t.posts.id, 2))
            inner.rollback()
          })
          .catch(() => {})
        await tx.update(t.posts).set({ views: 3 }).where(eq(t.posts.id, 3))
      })
      for (const [at, read] of reads.entries())
        expect(await read()).toStrictEqual(
          await plain
            .select()
            .from(t.posts)
            .where(eq(t.posts.id, at + 1)),
        )
    })

    rule(
      driver,
      'the options of a transaction reach the driver',
      driver.dialect !== 'postgres' && 'only PostgreSQL shows its isolation level to a query',
      async () => {
        const { t, db } = the()
        const { level } = await db.transaction(
          async (tx) => {
            const setting = sql<string>`current_setting('transaction_isolation')`
            const [row] = await tx.select({ level: setting }).from(t.users).limit(1)
            return row ?? { level: 'none' }
          },
          { isolationLevel: 'serializable' },
        )
        expect(level).toBe('serializable')
      },
    )

    it('cache.invalidate in a transaction is applied at COMMIT and dropped on ROLLBACK', async () => {
      const { t, db, cache, sourceOf } = the()
      const read = () => db.select().from(t.users).where(eq(t.users.id, 1))
      await read()
      const invalidating = (undo: boolean) =>
        db.transaction(async (tx) => {
          await tx.$cache.invalidate({ tables: t.users })
          await cache.invalidate({ tables: ['app_user'] })
          if (undo) tx.rollback()
        })
      await invalidating(true).catch(() => {})
      expect(await sourceOf(read)).toBe('memory')
      await invalidating(false)
      expect(await sourceOf(read)).toBe('database invalidated')
    })

    it('a failed statement rolls the transaction back', async () => {
      const { t, db, sourceOf } = the()
      const read = () => db.select().from(t.posts).where(eq(t.posts.id, 2))
      await read()
      await expect(
        db.transaction(async (tx) => {
          await tx.update(t.posts).set({ views: 5 }).where(eq(t.posts.id, 2))
          await tx.insert(t.users).values({ email: 'u1@x' })
        }),
      ).rejects.toThrow()
      expect(await sourceOf(read)).toBe('memory')
      expect(await read()).toMatchObject([{ views: 20 }])
    })

    rule(
      driver,
      'other clients read committed rows while a transaction is open',
      whyNoSecondConnection(driver),
      async () => {
        const { t, db, plain } = the()
        const read = () => db.select().from(t.posts).where(eq(t.posts.id, 1))
        await db.transaction(async (tx) => {
          await tx.update(t.posts).set({ title: 'open' }).where(eq(t.posts.id, 1))
          expect(await read()).toMatchObject([{ title: 'p1' }])
          expect(await plain.select().from(t.posts).where(eq(t.posts.id, 1))).toMatchObject([{ title: 'p1' }])
        })
        expect(await read()).toMatchObject([{ title: 'open' }])
      },
    )
  })
}
