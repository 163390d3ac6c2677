import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import type { ContractDb, ContractSchema, Driver, RelationalReads, Rules } from './driver.ts'
import { formsFor } from './forms-for.ts'
import { rule } from './skippable-rule.ts'
import { DIFFERENT_WRITES, writesOf } from './write-forms.ts'

const COMMON: readonly ((db: ContractDb, t: ContractSchema) => PromiseLike<unknown>)[] = [
  ...[1, 2, 3, 60].map(
    (id) => (db: ContractDb, t: ContractSchema) => db.select().from(t.posts).where(eq(t.posts.id, id)),
  ),
  ...[1, 2].map(
    (id) => (db: ContractDb, t: ContractSchema) =>
      db.select().from(t.posts).where(eq(t.posts.authorId, id)).orderBy(t.posts.id),
  ),
  (db, t) => db.select().from(t.posts).orderBy(t.posts.id),
  ...[1, 3, 50].map(
    (id) => (db: ContractDb, t: ContractSchema) => db.select().from(t.users).where(eq(t.users.id, id)),
  ),
  ...['u1@x', 'moved@x', 'fresh@x'].map(
    (email) => (db: ContractDb, t: ContractSchema) =>
      db.select().from(t.users).where(eq(t.users.email, email)),
  ),
  (db, t) => db.select().from(t.comments).where(eq(t.comments.postId, 1)),
  (db, t) => db.$count(t.users),
]

const materialized = (db: ContractDb, t: ContractSchema) =>
  db.select().from(t.topPosts).orderBy(t.topPosts.id)

// MariaDB cannot run the SQL that Drizzle builds for a to-one relation.
export function readsOf({ dialect }: Driver, relational: RelationalReads): typeof COMMON {
  const everywhere = [...COMMON, relational.userWithPostsAndComments]
  if (dialect === 'mysql') return everywhere
  const both = [...everywhere, relational.postWithAuthor]
  return dialect === 'sqlite' ? both : [...both, materialized]
}

export const writeRules: Rules = (the, driver) => {
  describe('writes', () => {
    for (const [name, write] of Object.entries(formsFor(driver, writesOf(driver.dialect), DIFFERENT_WRITES)))
      it(`${name} invalidates every cached read that it changes`, async () => {
        const { t, db, plain, relational } = the()
        const reads = readsOf(driver, relational)
        for (const read of reads) await read(db, t)
        await write(the())
        for (const read of reads) expect(await read(db, t)).toStrictEqual(await read(plain, t))
      })

    rule(
      driver,
      'get on a write of several rows invalidates the reads of all of them',
      driver.dialect !== 'sqlite' && 'only the queries of SQLite have get',
      async () => {
        const { t, db } = the()
        const post = (id: number) => db.select().from(t.posts).where(eq(t.posts.id, id))
        expect(await post(2)).toMatchObject([{ views: 20 }])
        const update = db.update(t.posts).set({ views: 5 }).where(eq(t.posts.authorId, 1)).returning()
        const { get } = update as unknown as { get(): PromiseLike<unknown> }
        expect(await get.call(update)).toMatchObject({ id: 1, views: 5 })
        expect(await Promise.all([post(1), post(2)])).toMatchObject([[{ views: 5 }], [{ views: 5 }]])
      },
    )

    it('a write that the server rejects keeps cached reads', async () => {
      const { t, db, sourceOf } = the()
      const read = () => db.select().from(t.users).where(eq(t.users.id, 2))
      await read()
      await expect(db.insert(t.users).values({ email: 'u1@x' }).execute()).rejects.toThrow()
      expect(await sourceOf(read)).toBe('memory')
    })
  })
}
