import { eq, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import type { Rules } from './contract/driver.ts'
import { hostContract } from './contract/suite.ts'
import { nodePostgresClient } from './drivers/node-postgres.ts'

hostContract(nodePostgresClient)

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
  })
}

hostContract(nodePostgresClient, [shared])
