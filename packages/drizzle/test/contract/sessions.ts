import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import type { Rules } from './driver.ts'

/** What a db does around its own transactions: raw BEGIN, and locks that others must wait for. */
export const sessionRules: Rules = (the, driver) => {
  describe('sessions', () => {
    it.runIf(!driver.refusesBegin)(
      'from a raw BEGIN to its COMMIT the db reads past the cache, with a warning',
      async () => {
        const { db, t, told, raw, plain, cache } = the()
        const warned: string[] = []
        cache.on('warning', ({ code }) => warned.push(code))
        const read = () => db.select().from(t.posts).where(eq(t.posts.id, 1))
        await read()
        await raw(db, 'begin')
        expect(await told(read)).toBe('database transaction')
        // It may reach another connection than BEGIN did; what counts is that it was sent.
        await Promise.resolve(raw(db, 'commit')).catch(() => {})
        expect(warned).toStrictEqual(['raw-transaction'])
        await read()
        expect(await told(read)).toBe('memory')
        expect(await read()).toStrictEqual(await plain.select().from(t.posts).where(eq(t.posts.id, 1)))
      },
    )

    it.runIf(driver.concurrent)(
      'a locking read with a warm cache takes the lock: another connection waits',
      async () => {
        const { db, t, plain } = the()
        const read = () => db.select().from(t.posts).where(eq(t.posts.id, 1))
        await read()
        await read()
        let release = (): void => {}
        let taken = (): void => {}
        const held = new Promise<void>((resolve) => {
          release = resolve
        })
        const has = new Promise<void>((resolve) => {
          taken = resolve
        })
        const locking = db.transaction(async (tx) => {
          await tx.select().from(t.posts).where(eq(t.posts.id, 1)).for('update')
          taken()
          await held
        })
        await has
        // The other connection does not wait for the lock: it is told at once that the row has one.
        const other = plain.transaction((tx) =>
          tx.select().from(t.posts).where(eq(t.posts.id, 1)).for('update', { skipLocked: true }),
        )
        expect(await other).toStrictEqual([])
        release()
        await locking
        expect(await read()).toHaveLength(1)
      },
    )
  })
}
