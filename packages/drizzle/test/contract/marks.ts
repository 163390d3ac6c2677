import { createCache, memoryStore } from '@larder/core'
import { cached, drizzleCache } from '@larder/drizzle'
import { type FaultyStore, faultyStore } from '@larder/testing'
import { eq, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import type { Contract, ContractDb, Rules } from './driver.ts'

const REFUSED = { code: 'LARDER_MARK_FAILED' }

/** A cache whose store rejects marks, and a db on which writes to `posts` require them. */
function setup({ plain, t }: Contract): { readonly db: ContractDb; readonly store: FaultyStore } {
  const store = faultyStore(memoryStore())
  const cache = createCache({ store })
  const posts = { ttl: '1h', onMarkFailure: 'reject' } as const
  const db = drizzleCache(plain, { cache, schema: t, tables: { '*': { ttl: '1h' }, posts } })
  store.fail('rejects', 'mark')
  return { db, store }
}

/** Writes whose marks fail. */
export const markRules: Rules = (the) => {
  describe("onMarkFailure: 'reject'", () => {
    const titles = async ({ plain, t }: Contract) =>
      (await plain.select().from(t.posts).orderBy(t.posts.id)).map(({ title }) => title)

    it('a write whose mark fails is rejected before it is sent', async () => {
      const contract = the()
      const { t, sentStatements, raw } = contract
      const { db } = setup(contract)
      const before = sentStatements.length
      const writes = [
        () => db.update(t.posts).set({ title: 'never' }).where(eq(t.posts.id, 1)).execute(),
        () => db.insert(t.posts).values({ title: 'never', authorId: 1 }).execute(),
        // Cascades to posts.
        () => db.delete(t.users).where(eq(t.users.id, 1)).execute(),
        () => Promise.resolve(raw(db, sql`update ${t.posts} set title = 'never'`)),
      ]
      for (const write of writes) await expect(write()).rejects.toMatchObject(REFUSED)
      expect(sentStatements.length).toBe(before)
      expect(await titles(contract)).toStrictEqual(['p1', 'p2', 'p3'])
    })

    it('a transaction whose mark fails is rejected before COMMIT and rolled back', async () => {
      const contract = the()
      const { t } = contract
      const { db, store } = setup(contract)
      let inside: readonly unknown[] = []
      const refused = db.transaction(async (tx) => {
        await tx.update(t.posts).set({ title: 'never' }).where(eq(t.posts.id, 1))
        inside = await tx.select().from(t.posts).where(eq(t.posts.id, 1))
      })
      await expect(refused).rejects.toMatchObject(REFUSED)
      expect(inside).toMatchObject([{ title: 'never' }])
      expect(await titles(contract)).toStrictEqual(['p1', 'p2', 'p3'])
      store.fail('works')
      await db.transaction((tx) => tx.update(t.posts).set({ title: 'now' }).where(eq(t.posts.id, 1)))
      expect(await titles(contract)).toStrictEqual(['now', 'p2', 'p3'])
      expect(await db.select().from(t.posts).where(eq(t.posts.id, 1))).toMatchObject([{ title: 'now' }])
    })

    it('a failed mark does not reject writes to tables without the option', async () => {
      const contract = the()
      const { t, plain } = contract
      const { db } = setup(contract)
      await db.update(t.users).set({ name: 'written' }).where(eq(t.users.id, 2))
      await db.transaction((tx) => tx.update(t.users).set({ name: 'both' }).where(eq(t.users.id, 3)))
      const names = (await plain.select().from(t.users).orderBy(t.users.id)).map(({ name }) => name)
      expect(names).toStrictEqual(['n1', 'written', 'both'])
    })

    it('onMarkFailure is not allowed per call', () => {
      const { db } = the()
      expect(() => cached(db, { onMarkFailure: 'reject' } as never)).toThrow(/onMarkFailure/)
    })
  })
}
