import { cached } from '@larder/drizzle'
import { eq, sql } from 'drizzle-orm'
import type { BaseSQLiteDatabase } from 'drizzle-orm/sqlite-core'
import { describe, expect, it } from 'vitest'
import type { ContractDb, Rules } from '../contract/driver.ts'

type SqliteDb = BaseSQLiteDatabase<'async', unknown>

/** `.values()` of libSQL in 0.45: rows of its own class, which also have their values under the names of columns. */
export const valuesRules: Rules = (the) => {
  const query = (on: ContractDb) => {
    const { t } = the()
    return (on as unknown as SqliteDb)
      .select()
      .from(t.posts as never)
      .where(eq(t.posts.id, 1))
  }

  describe('values()', () => {
    it('returns the rows that plain Drizzle returns, whatever is cached', async () => {
      const { db, plain, sourceOf } = the()
      const expected = await query(plain).values()
      expect(Array.isArray(expected[0])).toBe(false)
      expect(expected[0]).toMatchObject({ id: 1, 0: 1 })
      // The same SQL by another method is cached.
      await query(db)
      for (let time = 0; time < 2; time++) {
        const rows = await query(db).values()
        expect(rows).toStrictEqual(expected)
        expect(Object.getOwnPropertyNames(rows[0])).toEqual(Object.getOwnPropertyNames(expected[0]))
        expect(await sourceOf(() => query(db).values())).toBe('database opaque')
      }
      expect(await sourceOf(() => query(db))).toBe('memory')
    })

    it.each(['all', 'get', 'execute'] as const)(
      '%s() of the same query is cached as usual',
      async (method) => {
        const { db, plain, sourceOf } = the()
        const read = (on: ContractDb) =>
          (query(on) as unknown as Record<string, () => Promise<unknown>>)[method]!()
        await query(db).values()
        const first = await read(db)
        expect(await sourceOf(() => read(db))).toBe('memory')
        expect(await read(db)).toStrictEqual(first)
        expect(first).toStrictEqual(await read(plain))
      },
    )

    it('a prepared statement is cached by all() and not by values(), even if both run concurrently', async () => {
      const { db, plain, sourceOf } = the()
      const [wrappedQuery, plainQuery] = [query(db).prepare(), query(plain).prepare()]
      await wrappedQuery.all()
      const [all, values, get] = await Promise.all([
        wrappedQuery.all(),
        wrappedQuery.values(),
        wrappedQuery.get(),
      ])
      expect(all).toStrictEqual(await plainQuery.all())
      expect(values).toStrictEqual(await plainQuery.values())
      expect(get).toStrictEqual(await plainQuery.get())
      const sources = await sourceOf(() =>
        Promise.all([wrappedQuery.all(), wrappedQuery.values(), wrappedQuery.get()]),
      )
      expect(sources.split(', ').sort()).toEqual(['database opaque', 'memory', 'memory'])
    })

    it('an error in values() leaves the next all() cached', async () => {
      const { db, t, sourceOf } = the()
      const prepared = (db as unknown as SqliteDb)
        .select()
        .from(t.posts as never)
        .where(eq(t.posts.id, sql.placeholder('id')))
        .prepare()
      await expect(prepared.values({})).rejects.toThrow()
      await prepared.all({ id: 1 })
      expect(await sourceOf(() => prepared.all({ id: 1 }))).toBe('memory')
    })

    it('counts, relational queries and declared raw reads are cached as usual', async () => {
      const { db, t, relational, sourceOf } = the()
      const raw = cached(db, { ttl: '1h', reads: ['posts'] } as never) as unknown as SqliteDb
      const statement = sql`select id from ${t.posts as never}`
      for (const read of [
        () => db.$count(t.posts),
        () => relational.postById(db, t),
        () => raw.all(statement),
      ]) {
        await read()
        expect(await sourceOf(read)).toBe('memory')
      }
      for (const read of [() => raw.values(statement), () => raw.get(statement)]) {
        await read()
        expect(await sourceOf(read)).toBe('database opaque')
      }
    })

    it('a write with returning is invalidated by row, by values() as by all()', async () => {
      const { db, t, sourceOf } = the()
      const other = () => db.select().from(t.posts).where(eq(t.posts.id, 2))
      for (const method of ['all', 'values'] as const) {
        await Promise.all([query(db), other()])
        const written: unknown = await (db as unknown as SqliteDb)
          .update(t.posts as never)
          .set({ title: method } as never)
          .where(eq(t.posts.id, 1))
          .returning()
          [method]()
        expect((written as readonly unknown[])[0]).toMatchObject(
          method === 'all' ? { title: 'all' } : { 0: 1 },
        )
        expect(await sourceOf(() => query(db))).toBe('database invalidated')
        expect(await sourceOf(other)).toBe('memory')
      }
    })
  })
}
