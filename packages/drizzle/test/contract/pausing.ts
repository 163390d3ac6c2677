import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import type { ContractDb, Rules } from './driver.ts'
import { rule, whyNoAsyncTransaction } from './skippable-rule.ts'

/** What a db does while its cache is paused. */
export const pauseRules: Rules = (the, driver) => {
  const read = (on: ContractDb = the().db) => {
    const { t } = the()
    return on.select().from(t.posts).where(eq(t.posts.id, 1))
  }
  const rename = (title: string): Promise<unknown> => {
    const { db, t } = the()
    return Promise.resolve(db.update(t.posts).set({ title }).where(eq(t.posts.id, 1)))
  }

  describe('while the cache is paused', () => {
    it('reads go to the database, and serve no older rows after a write', async () => {
      const { cache, plain, sourceOf } = the()
      await read()
      expect(await sourceOf(read)).toBe('memory')
      cache.pause()
      expect(await sourceOf(read)).toBe('database disabled')
      await rename('renamed during a pause')
      expect(await read()).toStrictEqual(await read(plain))
      cache.resume()
      expect(await sourceOf(read)).toBe('database invalidated')
      expect(await read()).toStrictEqual(await read(plain))
      expect(await sourceOf(read)).toBe('memory')
    })

    it('relational queries and counts go to the database', async () => {
      const { cache, db, t, relational, sourceOf } = the()
      cache.pause()
      for (let time = 0; time < 2; time++) {
        expect(await sourceOf(() => relational.postById(db, t))).toBe('database disabled')
        expect(await sourceOf(() => db.$count(t.posts))).toBe('database disabled')
      }
    })

    rule(
      driver,
      'a transaction commits, rolls back and invalidates as usual',
      whyNoAsyncTransaction(driver),
      async () => {
        const { cache, db, plain, t, sourceOf } = the()
        await read()
        cache.pause()
        await db.transaction(async (tx) => {
          await tx.update(t.posts).set({ title: 'committed' }).where(eq(t.posts.id, 1))
        })
        await expect(
          db.transaction(async (tx) => {
            await tx.update(t.posts).set({ title: 'rolled back' }).where(eq(t.posts.id, 1))
            throw new Error('back')
          }),
        ).rejects.toThrow('back')
        cache.resume()
        expect(await sourceOf(read)).toBe('database invalidated')
        expect(await read()).toStrictEqual(await read(plain))
      },
    )
  })
}
