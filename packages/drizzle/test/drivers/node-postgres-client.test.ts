import { deferred } from '@larder/testing'
import { eq, sql } from 'drizzle-orm'
import type pg from 'pg'
import { describe, expect, it } from 'vitest'
import type { ContractDb, ContractSchema, Rules } from '../contract/driver.ts'
import { secondDriverContract } from '../contract/second-driver.ts'
import { hostContract } from '../contract/suite.ts'
import { openWriteThrough } from '../contract/write-through.ts'
import { nodePostgresClient } from './node-postgres.ts'

secondDriverContract(nodePostgresClient)

const shared: Rules = (the) => {
  describe('one shared connection', () => {
    it('statements of other callers on the connection of an open transaction belong to it', async () => {
      const { db, t, sourceOf, plain } = the()
      const read = () => db.select().from(t.posts).where(eq(t.posts.id, 1))
      await read()
      const failing = db.transaction(async (tx) => {
        await tx.update(t.posts).set({ title: 'never' }).where(eq(t.posts.id, 1))
        // On the same connection PostgreSQL returns the uncommitted row.
        expect(await sourceOf(read)).toBe('database transaction')
        expect(await read()).toMatchObject([{ title: 'never' }])
        await db.update(t.posts).set({ title: 'never either' }).where(eq(t.posts.id, 2))
        tx.rollback()
      })
      await expect(failing).rejects.toThrow()
      expect(await read()).toStrictEqual(await plain.select().from(t.posts).where(eq(t.posts.id, 1)))
      expect(await db.select().from(t.posts).where(eq(t.posts.id, 2))).toMatchObject([{ title: 'p2' }])
    })

    it('after SET search_path no earlier entry is served', async () => {
      const { db, t, sourceOf, plain, cache } = the()
      const warned: string[] = []
      cache.on('warning', ({ code }) => warned.push(code))
      await plain.execute(sql`create schema if not exists tenant_2`)
      await plain.execute(sql`create table if not exists tenant_2.blog_post (like blog_post including all)`)
      const read = () => db.select().from(t.posts).where(eq(t.posts.id, 1))
      await read()
      await db.execute(sql`set statement_timeout = '1min'`)
      await db.transaction(async (tx) => tx.execute(sql`set local search_path = tenant_2`))
      expect(await sourceOf(read)).toBe('memory')
      try {
        await db.execute(sql`set search_path = tenant_2`)
        expect(await read()).toStrictEqual([])
        expect(await sourceOf(read)).toBe('database opaque')
        expect(warned).toStrictEqual(['session-altered'])
      } finally {
        await db.execute(sql`reset search_path`)
      }
    })

    const raise = (on: Pick<ContractDb, 'update'>, t: ContractSchema, views: number) =>
      on.update(t.posts).set({ views }).where(eq(t.posts.id, 1)).returning()

    it('a transaction aborted by a statement outside the db stores no row, although COMMIT resolves', async () => {
      const { db, t, post, sourceOf, plain } = openWriteThrough(the())
      const client = (plain as unknown as { $client: pg.Client }).$client
      await db.transaction(async (tx) => {
        await raise(tx, t, 5)
        await client.query('select nothing_of_this').catch(() => {})
      })
      expect(await sourceOf(post(1))).toMatch(/^database/)
      expect(await post(1)()).toMatchObject([{ views: 10 }])
    })

    it('rows of overlapping transactions on one connection are not stored', async () => {
      const { db, t, sourceOf } = openWriteThrough(the())
      const read = () => db.select().from(t.posts).where(eq(t.posts.id, 2))
      const [begun, written, undone] = [deferred<void>(), deferred<void>(), deferred<void>()]
      const first = db.transaction(async (tx) => {
        await raise(tx, t, 5)
        begun.resolve()
        await written.promise
        tx.rollback()
      })
      const second = begun.promise.then(() =>
        db.transaction(async (tx) => {
          await tx.update(t.posts).set({ views: 5 }).where(eq(t.posts.id, 2)).returning()
          written.resolve()
          await undone.promise
        }),
      )
      await expect(first).rejects.toThrow()
      undone.resolve()
      await second
      expect(await sourceOf(read)).toMatch(/^database/)
      expect(await read()).toMatchObject([{ views: 20 }])
    })

    it('a rolled back raw BEGIN stores no row', async () => {
      const { db, t, post } = openWriteThrough(the())
      await db.execute(sql`begin`)
      await raise(db, t, 5)
      await db.execute(sql`rollback`)
      expect(await post(1)()).toMatchObject([{ views: 10 }])
    })
  })
}

hostContract(nodePostgresClient, [shared])
