import { createCache } from '@larder/core'
import { cached, drizzleCache } from '@larder/drizzle'
import { eq, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import type { Contract, ContractDb, Rules } from './driver.ts'

/** `write: 'around'`: reads with this main table expire by their ttl, all others stay exact. */
export const writeAroundRules: Rules = (the) => {
  const setup = () => {
    const contract = the()
    const { plain, t } = contract
    const cache = createCache()
    const tables = { '*': { ttl: '1h' }, posts: { ttl: '1h', write: 'around' } } as never
    const db: ContractDb = drizzleCache(plain, { cache, schema: t, tables })
    const sourceOf = async (fn: () => PromiseLike<unknown>) => {
      const { reads } = await cache.explain(async () => await fn())
      return reads.map(({ source }) => source).join()
    }
    return { ...contract, cache, db, sourceOf }
  }
  const raise = ({ t }: Contract, db: ContractDb) =>
    db.update(t.posts).set({ views: 99 }).where(eq(t.posts.id, 1))

  describe("write: 'around'", () => {
    it('a write keeps reads with this main table and invalidates joins from other tables', async () => {
      const contract = setup()
      const { db, t, sourceOf, plain } = contract
      const mainReads = [
        () => db.select().from(t.posts).where(eq(t.posts.id, 1)),
        () =>
          db.select().from(t.posts).innerJoin(t.users, eq(t.users.id, t.posts.authorId)).orderBy(t.posts.id),
        () => db.$count(t.posts, eq(t.posts.views, 10)),
      ]
      const other = (from: ContractDb) =>
        from.select().from(t.users).innerJoin(t.posts, eq(t.users.id, t.posts.authorId)).orderBy(t.posts.id)
      const derived = (from: ContractDb) => {
        const some = from.select().from(t.posts).as('some')
        return from.select().from(some).innerJoin(t.users, eq(t.users.id, some.authorId)).orderBy(some.id)
      }
      for (const read of [...mainReads, () => other(db), () => derived(db)]) await read()
      await raise(contract, db)
      for (const read of mainReads) expect(await sourceOf(read)).toBe('memory')
      expect(await sourceOf(() => derived(db))).toBe('memory')
      expect(await other(db)).toStrictEqual(await other(plain))
      await db.update(t.users).set({ name: 'renamed' }).where(eq(t.users.id, 1))
      expect(await derived(db)).toStrictEqual(await derived(plain))
      const joined = await mainReads[1]?.()
      expect(JSON.stringify(joined)).toContain('renamed')
    })

    it('explicit invalidation and raw SQL invalidate reads of the table', async () => {
      const contract = setup()
      const { db, t, sourceOf, cache, raw } = contract
      const read = () => db.select().from(t.posts).where(eq(t.posts.id, 1))
      await read()
      await cache.invalidate({ tables: ['blog_post'] })
      expect(await sourceOf(read)).toBe('database')
      await raw(db, sql`update ${t.posts} set view_count = 5`)
      expect(await sourceOf(read)).toBe('database')
      expect(await read()).toMatchObject([{ views: 5 }])
    })

    it('a read with declared writes invalidates reads of the table', async () => {
      const { db, t, sourceOf } = setup()
      const read = () => db.select().from(t.posts).where(eq(t.posts.id, 1))
      await read()
      const moment = sql`current_timestamp`
      await cached(db, { ttl: '1h', writes: [t.posts] })
        .select({ moment })
        .from(t.users)
      expect(await sourceOf(read)).toBe('database')
    })

    it('a read of a view is invalidated by writes to its tables', async () => {
      const { plain, t } = the()
      const tables = { '*': { ttl: '1h', write: 'around' } } as never
      const db = drizzleCache(plain, { cache: createCache(), schema: t, tables })
      const read = (from: ContractDb) => from.select().from(t.postStats).orderBy(t.postStats.authorId)
      await read(db)
      await db.insert(t.posts).values({ title: 'more', authorId: 1 })
      expect(await read(db)).toStrictEqual(await read(plain))
    })
  })
}
