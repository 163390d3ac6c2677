import { eq } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import type { ContractDb, Rules } from './driver.ts'
import { rule, whyNoRival, whyNoSecondConnection } from './skippable-rule.ts'

/** A promise and its resolver. */
function signal(): { readonly promise: Promise<void>; give(): void } {
  let give = (): void => {}
  const promise = new Promise<void>((resolve) => {
    give = resolve
  })
  return { promise, give }
}

/** Concurrent transactions, and locks that others have to wait for. */
export const concurrencyRules: Rules = (the, driver) => {
  describe('concurrent transactions', () => {
    rule(
      driver,
      'one of two concurrent transactions commits and the other is rolled back',
      whyNoSecondConnection(driver),
      async () => {
        const { db, t, plain } = the()
        const read = (id: number) => () => db.select().from(t.posts).where(eq(t.posts.id, id))
        for (const id of [1, 2]) await read(id)()
        const [wrote, ended] = [signal(), signal()]
        const undone = db.transaction(async (tx) => {
          await tx.update(t.posts).set({ title: 'never' }).where(eq(t.posts.id, 2))
          wrote.give()
          await ended.promise
          // Only the other transaction has committed, so only its rows are visible.
          expect(await read(1)()).toMatchObject([{ title: 'first' }])
          expect(await read(2)()).toMatchObject([{ title: 'p2' }])
          tx.rollback()
        })
        const rejected = expect(undone).rejects.toThrow()
        await wrote.promise
        await db.transaction(async (tx) => {
          await tx.update(t.posts).set({ title: 'first' }).where(eq(t.posts.id, 1))
          expect(await read(1)()).toMatchObject([{ title: 'p1' }])
        })
        ended.give()
        await rejected
        for (const id of [1, 2])
          expect(await read(id)()).toStrictEqual(await plain.select().from(t.posts).where(eq(t.posts.id, id)))
      },
    )

    rule(
      driver,
      'many concurrent transactions leave no stale read',
      whyNoSecondConnection(driver),
      async () => {
        const { db, t, plain } = the()
        const all = (from: ContractDb) => from.select().from(t.posts).orderBy(t.posts.id)
        const postById = (from: ContractDb, id: number) =>
          from.select().from(t.posts).where(eq(t.posts.id, id))
        for (let round = 0; round < 10; round++) {
          const writes = [1, 2, 3].map((id) =>
            db
              .transaction(async (tx) => {
                await tx
                  .update(t.posts)
                  .set({ views: round * 10 + id })
                  .where(eq(t.posts.id, id))
                if ((round + id) % 3 === 0) tx.rollback()
              })
              .catch(() => {}),
          )
          await Promise.all([...writes, all(db), postById(db, 1), postById(db, 2)])
          expect(await all(db)).toStrictEqual(await all(plain))
          for (const id of [1, 2, 3]) expect(await postById(db, id)).toStrictEqual(await postById(plain, id))
        }
      },
    )

    for (const lock of locksOf(driver.dialect))
      rule(
        driver,
        `FOR ${lock.toUpperCase()} takes the lock with a warm cache`,
        whyNoRival(driver),
        async () => {
          const { db, t, plain } = the()
          const read = () => db.select().from(t.posts).where(eq(t.posts.id, 1))
          await read()
          await read()
          const [lockAcquired, release] = [signal(), signal()]
          const locking = db.transaction(async (tx) => {
            await tx.select().from(t.posts).where(eq(t.posts.id, 1)).for(lock)
            lockAcquired.give()
            await release.promise
          })
          await lockAcquired.promise
          const rival = plain.transaction((tx) =>
            tx.select().from(t.posts).where(eq(t.posts.id, 1)).for('update', { skipLocked: true }),
          )
          expect(await rival).toStrictEqual([])
          release.give()
          await locking
        },
      )
  })
}

type Lock = 'update' | 'share' | 'no key update' | 'key share'

/** MySQL's dialect is tested on MariaDB, which has no FOR SHARE. SQLite has no row locks. */
function locksOf(dialect: 'postgres' | 'sqlite' | 'mysql'): readonly Lock[] {
  if (dialect === 'sqlite') return []
  return dialect === 'mysql' ? ['update'] : ['update', 'no key update', 'share', 'key share']
}
