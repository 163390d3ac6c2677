import { setTimeout as sleep } from 'node:timers/promises'
import { cached } from '@larder/drizzle'
import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import type { Contract, ContractDb, Rules } from './driver.ts'
import { rule, whyNoAsyncTransaction } from './skippable-rule.ts'

const TTL = 25
const STALE = { ttl: TTL, jitter: 0, staleWhileRevalidate: '1m' } as const

/** Entries that are refreshed in the background. */
export const freshnessRules: Rules = (the, driver) => {
  const setup = () => {
    const { db, t, ...rest } = the()
    const read = async (): Promise<unknown> =>
      (await cached(db, STALE).select().from(t.posts).where(eq(t.posts.id, 1)))[0]?.title
    const rename = (on: ContractDb, title: string) =>
      on
        .update(t.posts)
        .set({ title } as never)
        .where(eq(t.posts.id, 1))
    return { db, t, read, rename, ...rest }
  }

  describe('background refresh', () => {
    it('an expired entry is served and refreshed in the background', async () => {
      const { read, rename, plain, sourceOf } = setup()
      const before = await read()
      await rename(plain, 'changed unseen')
      await sleep(TTL + 5)
      const { cache } = the()
      const served = await cache.explain(read)
      expect(served).toMatchObject({ result: before, reads: [{ source: 'stale' }] })
      await expect.poll(async () => await read()).toBe('changed unseen')
      expect(await sourceOf(read)).toMatch(/^(?:memory|stale)$/)
    })

    rule(
      driver,
      'a refresh stores nothing that a transaction has not committed',
      whyNoAsyncTransaction(driver),
      async () => {
        const { db, read, rename } = setup()
        const before = await read()
        await sleep(TTL + 5)
        const reading = read()
        const failing = db.transaction(async (tx) => {
          await rename(tx as never, 'never committed')
          await sleep(2 * TTL)
          throw new Error('roll back')
        })
        expect(await reading).toBe(before)
        await expect(failing).rejects.toThrow('roll back')
        for (let time = 0; time < 5; time++) {
          expect(await read()).toBe(before)
          await sleep(5)
        }
      },
    )

    rule(
      driver,
      'a refresh does not run while a raw transaction is open on the connection',
      (driver.rejectsBegin === true && 'the driver rejects BEGIN as a statement') ||
        (driver.name === 'libSQL' && 'its client runs each statement in a transaction of its own') ||
        ((driver.concurrent || driver.hasRivals === true) && 'BEGIN may reach any of several connections'),
      async () => {
        const { db, read, rename, raw } = setup() as Contract & ReturnType<typeof setup>
        const before = await read()
        await sleep(TTL + 5)
        expect(await read()).toBe(before)
        await raw(db, 'begin')
        await rename(db, 'never committed')
        await sleep(2 * TTL)
        await raw(db, 'rollback')
        for (let time = 0; time < 5; time++) {
          expect(await read()).toBe(before)
          await sleep(5)
        }
      },
    )
  })
}
