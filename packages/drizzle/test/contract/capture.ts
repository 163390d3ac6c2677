import { cached } from '@larder/drizzle'
import { count, eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import type { Rules } from './driver.ts'
import { rule, whyNoAsyncTransaction } from './skippable-rule.ts'

/** What a computed value depends on that reads through a db. */
export const captureRules: Rules = (the, driver) => {
  const forms = ['cached', 'not cached'] as const

  describe('a computed value', () => {
    it.each(forms)('depends on the rows that its load reads, %s', async (form) => {
      const { cache, db, plain, t, relational } = the()
      const load = async (on: typeof db) => {
        const from = form === 'not cached' && on === db ? cached(on, false) : on
        return [
          await from.select().from(t.posts).where(eq(t.posts.id, 1)),
          await from.select({ count: count() }).from(t.posts),
          await from.$count(t.posts, eq(t.posts.views, 10)),
          await relational.postById(from, t),
        ]
      }
      const ask = async () => {
        const { result, reads } = await cache.explain(() =>
          cache.wrap(['page', form], { ttl: '1h' }, () => load(db)),
        )
        return { result, source: reads.findLast(({ operation }) => operation === 'wrap')?.source }
      }
      // Until the db has connected, a computed value belongs to this process only.
      await ask()
      await ask()
      expect((await ask()).source).toBe('memory')
      for (const title of ['renamed once', 'renamed twice']) {
        await db.update(t.posts).set({ title }).where(eq(t.posts.id, 1))
        const { result, source } = await ask()
        expect(source).toBe('database')
        expect(result).toStrictEqual(await load(plain))
        expect((await ask()).source).toBe('memory')
      }
    })

    it.each(forms)('is kept after a write to another row of a table, %s', async (form) => {
      const { cache, db, t } = the()
      const from = form === 'not cached' ? cached(db, false) : db
      const ask = async () => {
        const { reads } = await cache.explain(() =>
          cache.wrap(['row', form], { ttl: '1h' }, async () =>
            from.select({ title: t.posts.title }).from(t.posts).where(eq(t.posts.id, 1)),
          ),
        )
        return reads.findLast(({ operation }) => operation === 'wrap')?.source
      }
      await ask()
      await ask()
      await db.update(t.posts).set({ title: 'renamed' }).where(eq(t.posts.id, 2))
      expect(await ask()).toBe('memory')
      await db.update(t.posts).set({ title: 'renamed' }).where(eq(t.posts.id, 1))
      expect(await ask()).toBe('database')
    })

    rule(driver, 'is not stored if its load opens a transaction', whyNoAsyncTransaction(driver), async () => {
      const { cache, db, t } = the()
      const load = () => db.transaction((tx) => tx.select().from(t.posts).where(eq(t.posts.id, 1)))
      for (let time = 0; time < 2; time++) {
        const { reads } = await cache.explain(() => cache.wrap('transaction', { ttl: '1h' }, load))
        expect(reads.at(-1)).toMatchObject({ operation: 'wrap', reason: 'transaction' })
      }
    })
  })
}
