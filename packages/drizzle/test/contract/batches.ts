import { setTimeout as sleep } from 'node:timers/promises'
import { eq, sql } from 'drizzle-orm'
import type { LibSQLDatabase } from 'drizzle-orm/libsql'
import { describe, expect, it } from 'vitest'
import type { ContractDb, Rules } from './driver.ts'
import { openDbThatWaits } from './values.ts'
import { openWriteThrough } from './write-through.ts'

const batched = (db: ContractDb, queries: readonly unknown[]): Promise<unknown[]> =>
  (db as unknown as LibSQLDatabase).batch(queries as never) as never

/** `batch`, where a driver has it. */
export const batches: Rules = (the) => {
  describe('batch', () => {
    it('a batch invalidates the rows that its statements change and returns the results of the plain db', async () => {
      const { db, t, sourceOf } = the()
      const postById = (id: number) => () => db.select().from(t.posts).where(eq(t.posts.id, id))
      for (const id of [1, 2, 3]) await postById(id)()
      const answers = await batched(db, [
        db.update(t.posts).set({ title: 'batched' }).where(eq(t.posts.id, 1)).returning(),
        db.select().from(t.posts).where(eq(t.posts.id, 1)),
        db.delete(t.posts).where(eq(t.posts.id, 2)),
      ])
      expect(answers[0]).toMatchObject([{ id: 1, title: 'batched' }])
      expect(answers[1]).toStrictEqual(answers[0])
      expect(await sourceOf(postById(3))).toBe('memory')
      expect(await postById(1)()).toStrictEqual(answers[0])
      expect(await postById(2)()).toStrictEqual([])
    })

    it('a computed value whose load reads by a batch is not stored', async () => {
      const { cache, db, t } = the()
      const load = () => batched(db, [db.select().from(t.posts).where(eq(t.posts.id, 1))])
      for (const title of ['once', 'twice']) {
        await db.update(t.posts).set({ title }).where(eq(t.posts.id, 1))
        const { result, reads } = await cache.explain(() => cache.wrap('batch', { ttl: '1h' }, load))
        expect(result).toMatchObject([[{ title }]])
        expect(reads.at(-1)).toMatchObject({ operation: 'wrap', reason: 'opaque' })
      }
    })

    it('a batch stores the rows of a statement if no other statement writes its table', async () => {
      const { db, t, sourceOf, post, plain } = openWriteThrough(the())
      const update = (id: number) =>
        db
          .update(t.posts)
          .set({ title: `batched ${id}` })
          .where(eq(t.posts.id, id))
          .returning()
      const answers = await batched(db, [
        db.insert(t.comments).values({ id: 9, text: 'new', postId: 1 }),
        update(1),
        db.select().from(t.posts).where(eq(t.posts.id, 1)),
      ])
      expect(answers[1]).toStrictEqual(answers[2])
      expect(await sourceOf(post(1))).toBe('memory')
      expect(await post(1)()).toStrictEqual(await plain.select().from(t.posts).where(eq(t.posts.id, 1)))
      await batched(db, [update(2), db.update(t.posts).set({ title: 'all' })])
      expect(await sourceOf(post(2))).toMatch(/^database/)
      expect(await post(2)()).toMatchObject([{ title: 'all' }])
    })

    it('a batch that waits for its marks uses the bytes from the time of the call', async () => {
      const { plain, t, raw } = the()
      const { db, release } = openDbThatWaits(the())
      const bytes = Buffer.from([1])
      const writing = batched(db, [
        db.insert(t.generated).values({ id: 1, title: 'a', stamp: 1, bytes } as never),
        raw(db, sql`insert into made_row (id, title, stamp, bytes) values (2, 'b', 2, ${bytes})`),
      ])
      await sleep(5)
      bytes[0] = 2
      release()
      await writing
      const rows = await plain.select({ bytes: sql`bytes` }).from(t.generated)
      expect(rows.map((row) => [...new Uint8Array(row.bytes as ArrayBuffer)])).toEqual([[1], [1]])
    })

    it('a batch with raw SQL invalidates everything, and a failed batch invalidates nothing', async () => {
      const { db, t, sourceOf, raw } = the()
      const read = () => db.select().from(t.posts).where(eq(t.posts.id, 1))
      await read()
      const failing = [
        db.update(t.posts).set({ title: 'never' }).where(eq(t.posts.id, 1)),
        db.insert(t.users).values({ id: 1, email: 'again' }),
      ]
      await expect(batched(db, failing)).rejects.toThrow()
      expect(await sourceOf(read)).not.toBe('database dirty')
      expect(await read()).toMatchObject([{ title: 'p1' }])
      await batched(db, [raw(db, sql`update ${t.posts} set title = 'raw'`)])
      expect(await read()).toMatchObject([{ title: 'raw' }])
    })
  })
}
