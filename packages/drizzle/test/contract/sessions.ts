import { eq, sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import type { Rules } from './driver.ts'
import { rule } from './skippable-rule.ts'

/** Transactions that are begun by a raw BEGIN. */
export const sessionRules: Rules = (the, driver) => {
  describe('sessions opened by raw SQL', () => {
    rule(
      driver,
      'reads between a raw BEGIN and its COMMIT bypass the cache, with a warning',
      driver.rejectsBegin === true && 'the driver rejects BEGIN as a statement',
      async () => {
        const { db, t, sourceOf, raw, plain, cache } = the()
        const warned: string[] = []
        cache.on('warning', ({ code }) => warned.push(code))
        const read = () => db.select().from(t.posts).where(eq(t.posts.id, 1))
        await read()
        await raw(db, 'begin')
        expect(await sourceOf(read)).toBe('database transaction')
        // It may reach another connection than BEGIN. It only matters that it was sent.
        await Promise.resolve(raw(db, 'commit')).catch(() => {})
        expect(warned).toStrictEqual(['raw-transaction'])
        await read()
        expect(await sourceOf(read)).toBe('memory')
        expect(await read()).toStrictEqual(await plain.select().from(t.posts).where(eq(t.posts.id, 1)))
      },
    )

    for (const end of ['commit', 'rollback'] as const)
      rule(
        driver,
        `after a raw BEGIN … ${end.toUpperCase()} other clients read the resulting rows`,
        driver.hasRivals !== true &&
          'BEGIN may reach any of several connections, or no other client has a connection',
        async () => {
          const { db, t, raw, plain } = the()
          const read = (id: number) => () => db.select().from(t.posts).where(eq(t.posts.id, id))
          const truth = (id: number) => plain.select().from(t.posts).where(eq(t.posts.id, id))
          for (const id of [1, 2]) await read(id)()
          await raw(db, 'begin')
          await db.update(t.posts).set({ title: 'open' }).where(eq(t.posts.id, 1))
          await raw(db, sql`update ${t.posts} set title = 'open' where id = 2`)
          expect(await read(1)()).toMatchObject([{ title: 'open' }])
          expect(await truth(1)).toMatchObject([{ title: 'p1' }])
          await raw(db, end)
          expect(await truth(1)).toMatchObject([{ title: end === 'commit' ? 'open' : 'p1' }])
          for (const id of [1, 2]) expect(await read(id)()).toStrictEqual(await truth(id))
        },
      )
  })
}
