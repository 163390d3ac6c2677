import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import type { Rules } from '../contract/driver.ts'
import { secondDriverContract } from '../contract/second-driver.ts'
import { hostContract } from '../contract/suite.ts'
import { postgresJs } from './postgres-js.ts'

secondDriverContract(postgresJs)

const unsafe: Rules = (the) => {
  describe('BEGIN as a statement', () => {
    it('BEGIN has run although postgres-js rejects it, so reads bypass the cache until COMMIT', async () => {
      const { db, t, plain, raw, sourceOf } = the()
      const read = () => db.select().from(t.posts).where(eq(t.posts.id, 1))
      const truth = () => plain.select().from(t.posts).where(eq(t.posts.id, 1))
      await read()
      await expect(Promise.resolve(raw(db, 'begin'))).rejects.toMatchObject({
        cause: { code: 'UNSAFE_TRANSACTION' },
      })
      // The pool reuses the connection on which BEGIN has left a transaction open.
      await db.update(t.posts).set({ title: 'open' }).where(eq(t.posts.id, 1))
      expect(await truth()).toMatchObject([{ title: 'p1' }])
      expect(await sourceOf(read)).toBe('database transaction')
      await raw(db, 'commit')
      expect(await truth()).toMatchObject([{ title: 'open' }])
      expect(await read()).toStrictEqual(await truth())
    })
  })
}

hostContract(postgresJs, [unsafe])
