import { eq, type SQL } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import type { Driver, Rules } from './driver.ts'
import { rule } from './skippable-rule.ts'

/** The transaction options of each dialect. */
const OPTIONS: Readonly<Record<Driver['dialect'], readonly object[]>> = {
  postgres: [
    { isolationLevel: 'read committed', accessMode: 'read write' },
    { isolationLevel: 'repeatable read' },
    { isolationLevel: 'serializable', deferrable: true },
  ],
  mysql: [
    { isolationLevel: 'read committed', accessMode: 'read write' },
    { isolationLevel: 'repeatable read', withConsistentSnapshot: true },
    { isolationLevel: 'serializable' },
  ],
  // libSQL has no exclusive transactions.
  sqlite: [{ behavior: 'deferred' }, { behavior: 'immediate' }],
}

/** A builder that accepts its conditions one by one. */
interface Dynamic extends PromiseLike<unknown> {
  where(condition: SQL): Dynamic
  limit(count: number): Dynamic
}

/** Queries that are built step by step. */
export const dynamicRules: Rules = (the) => {
  it('a $dynamic() query is cached, depends on its final conditions, and is invalidated by a write', async () => {
    const { db, plain, t, sourceOf } = the()
    const byId = (query: Dynamic, id: number) => query.where(eq(t.posts.id, id)).limit(5)
    const read = (on: typeof db, id: number) =>
      byId(on.select().from(t.posts).orderBy(t.posts.id).$dynamic() as unknown as Dynamic, id)
    for (const id of [1, 3]) await read(db, id)
    await db.update(t.posts).set({ title: 'new' }).where(eq(t.posts.id, 3)).$dynamic()
    expect(await sourceOf(() => read(db, 1))).toBe('memory')
    for (const id of [1, 3]) expect(await read(db, id)).toStrictEqual(await read(plain, id))
    const update = db.update(t.posts).set({ title: 'newer' }).$dynamic()
    await update.where(eq(t.posts.id, 1))
    for (const id of [1, 3]) expect(await read(db, id)).toStrictEqual(await read(plain, id))
  })
}

/** Transactions with options. */
export const optionRules: Rules = (the, driver) => {
  describe('transaction options', () => {
    it.each(OPTIONS[driver.dialect])(
      'a transaction with %o invalidates its writes, and its reads are not cached',
      async (options) => {
        const { db, plain, t, sourceOf } = the()
        const read = (on: typeof db) => on.select().from(t.posts).where(eq(t.posts.id, 1))
        await read(db)
        const writing = (undo: boolean) =>
          db.transaction(async (tx) => {
            await tx.update(t.posts).set({ title: 'inside' }).where(eq(t.posts.id, 1))
            expect(await read(tx as never)).toMatchObject([{ title: 'inside' }])
            if (undo) tx.rollback()
          }, options)
        await expect(writing(true)).rejects.toThrow(/rollback/i)
        expect(await sourceOf(() => read(db))).toBe('memory')
        await writing(false)
        expect(await read(db)).toMatchObject([{ title: 'inside' }])
        expect(await read(db)).toStrictEqual(await read(plain))
      },
    )

    const none = driver.dialect === 'sqlite' && 'SQLite has no accessMode'
    rule(driver, 'a read-only transaction rejects writes and keeps all cached reads', none, async () => {
      const { db, t, sourceOf } = the()
      const read = () => db.select().from(t.posts).where(eq(t.posts.id, 1))
      await read()
      const refused = db.transaction(
        async (tx) => {
          expect(await tx.select().from(t.posts).where(eq(t.posts.id, 1))).toHaveLength(1)
          await tx.update(t.posts).set({ title: 'never' }).where(eq(t.posts.id, 1))
        },
        { accessMode: 'read only' },
      )
      await expect(refused).rejects.toMatchObject({ cause: { message: expect.stringMatching(/read.only/i) } })
      expect(await sourceOf(read)).toBe('memory')
    })
  })
}
