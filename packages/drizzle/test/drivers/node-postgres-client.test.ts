import { deferred } from '@larder/testing'
import { eq, sql } from 'drizzle-orm'
import type pg from 'pg'
import { describe, expect, it } from 'vitest'
import type { ContractDb, ContractSchema, Rules } from '../contract/driver.ts'
import { SECOND_DRIVER } from '../contract/second-driver.ts'
import { hostContract } from '../contract/suite.ts'
import { throughWorld } from '../contract/through.ts'
import { nodePostgresClient } from './node-postgres.ts'

hostContract(nodePostgresClient, SECOND_DRIVER)

const shared: Rules = (the) => {
  describe('one connection for all', () => {
    it('what others read and write while a transaction is open belongs to the transaction', async () => {
      const { db, t, told, plain } = the()
      const read = () => db.select().from(t.posts).where(eq(t.posts.id, 1))
      await read()
      const failing = db.transaction(async (tx) => {
        await tx.update(t.posts).set({ title: 'never' }).where(eq(t.posts.id, 1))
        // Over the same connection, the uncommitted row is what PostgreSQL answers.
        expect(await told(read)).toBe('database transaction')
        expect(await read()).toMatchObject([{ title: 'never' }])
        await db.update(t.posts).set({ title: 'never either' }).where(eq(t.posts.id, 2))
        tx.rollback()
      })
      await expect(failing).rejects.toThrow()
      expect(await read()).toStrictEqual(await plain.select().from(t.posts).where(eq(t.posts.id, 1)))
      expect(await db.select().from(t.posts).where(eq(t.posts.id, 2))).toMatchObject([{ title: 'p2' }])
    })

    it('once the connection means another schema, nothing is served that was read from the one before', async () => {
      const { db, t, told, plain, cache } = the()
      const warned: string[] = []
      cache.on('warning', ({ code }) => warned.push(code))
      await plain.execute(sql`create schema if not exists tenant_2`)
      await plain.execute(sql`create table if not exists tenant_2.blog_post (like blog_post including all)`)
      const read = () => db.select().from(t.posts).where(eq(t.posts.id, 1))
      await read()
      await db.execute(sql`set statement_timeout = '1min'`)
      await db.transaction(async (tx) => tx.execute(sql`set local search_path = tenant_2`))
      expect(await told(read)).toBe('memory')
      try {
        await db.execute(sql`set search_path = tenant_2`)
        expect(await read()).toStrictEqual([])
        expect(await told(read)).toBe('database opaque')
        expect(warned).toStrictEqual(['session-altered'])
      } finally {
        await db.execute(sql`reset search_path`)
      }
    })

    const raise = (on: Pick<ContractDb, 'update'>, t: ContractSchema, views: number) =>
      on.update(t.posts).set({ views }).where(eq(t.posts.id, 1)).returning()

    it('a transaction that a statement past the db ruined stores no row, though its COMMIT resolves', async () => {
      const { db, t, post, told, plain } = throughWorld(the())
      const client = (plain as unknown as { $client: pg.Client }).$client
      await db.transaction(async (tx) => {
        await raise(tx, t, 5)
        await client.query('select nothing_of_this').catch(() => {})
      })
      expect(await told(post(1))).toMatch(/^database/)
      expect(await post(1)()).toMatchObject([{ views: 10 }])
    })

    it('of two transactions at once, what one wrote is not stored: the other may have rolled it back', async () => {
      const { db, t, told } = throughWorld(the())
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
      expect(await told(read)).toMatch(/^database/)
      expect(await read()).toMatchObject([{ views: 20 }])
    })

    it('a raw BEGIN that is rolled back stores no row', async () => {
      const { db, t, post } = throughWorld(the())
      await db.execute(sql`begin`)
      await raise(db, t, 5)
      await db.execute(sql`rollback`)
      expect(await post(1)()).toMatchObject([{ views: 10 }])
    })
  })
}

hostContract(nodePostgresClient, [shared])
