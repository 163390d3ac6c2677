import { eq, inArray, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import type { ContractDb, Rules } from './driver.ts'
import { comments, posts, topPosts, users } from './schema-pg.ts'

type Write = (db: ContractDb) => PromiseLike<unknown>

/** Writes of every form. After each, everything that was cached is as the database has it. */
const WRITES: Readonly<Record<string, Write>> = {
  'an insert': (db) => db.insert(posts).values({ title: 'new', authorId: 2 }),
  'an insert of several rows': (db) =>
    db.insert(posts).values([
      { title: 'a', authorId: 1 },
      { title: 'b', authorId: 2 },
    ]),
  'an insert with returning': (db) => db.insert(posts).values({ title: 'new', authorId: 2 }).returning(),
  'an insert from a select': (db) =>
    db.insert(users).select(
      db
        .select({
          id: sql<number>`${users.id} + 100`.as('id'),
          email: sql<string>`'x' || ${users.email}`.as('email'),
          name: users.name,
          role: users.role,
        })
        .from(users),
    ),
  'an update by key': (db) => db.update(posts).set({ views: 1 }).where(eq(posts.id, 1)),
  'an update that moves a row': (db) => db.update(posts).set({ authorId: 2 }).where(eq(posts.id, 1)),
  'an update by an expression': (db) =>
    db
      .update(posts)
      .set({ authorId: sql`3 - ${posts.authorId}` })
      .where(eq(posts.id, 1))
      .returning(),
  'an update of unknown rows': (db) => db.update(posts).set({ title: 'all' }),
  'an update from another table': (db) =>
    db
      .update(posts)
      .set({ title: users.email as never })
      .from(users)
      .where(eq(posts.authorId, users.id)),
  'a delete by key': (db) => db.delete(posts).where(eq(posts.id, 1)),
  'a delete with returning': (db) =>
    db
      .delete(posts)
      .where(inArray(posts.id, [1, 2]))
      .returning({ id: posts.id }),
  'a delete that cascades': (db) => db.delete(users).where(eq(users.id, 3)),
  'a delete that cascades twice': async (db) => {
    await db.execute(sql`delete from app_membership`)
    return db.delete(users).where(eq(users.id, 1))
  },
  'an upsert that updates': (db) =>
    db
      .insert(users)
      .values({ id: 50, email: 'u1@x', name: 'again' })
      .onConflictDoUpdate({ target: users.email, set: { name: 'again', email: 'moved@x' } }),
  'an upsert that inserts': (db) =>
    db
      .insert(posts)
      .values({ id: 60, title: 'fresh', authorId: 2 })
      .onConflictDoUpdate({ target: posts.id, set: { authorId: sql`excluded.author_id` } }),
  'an upsert of several rows': (db) =>
    db
      .insert(posts)
      .values([
        { id: 1, title: 'x', authorId: 2 },
        { id: 2, title: 'y', authorId: 2 },
      ])
      .onConflictDoUpdate({ target: posts.id, set: { authorId: sql`excluded.author_id` } })
      .returning(),
  'an insert that does nothing on conflict': (db) =>
    db
      .insert(users)
      .values([{ email: 'u1@x' }, { email: 'fresh@x' }])
      .onConflictDoNothing(),
  'a CTE that writes': (db) => {
    const gone = db.$with('gone').as(db.delete(comments).where(eq(comments.postId, 1)).returning())
    return db.with(gone).select().from(gone)
  },
  'raw SQL': (db) => db.execute(sql`update ${posts} set view_count = 5`),
  'raw SQL with the table in its text': (db) => db.execute('update blog_post set view_count = 6'),
  'a refresh of a materialised view': async (db) => {
    await db.update(posts).set({ title: 'for the view' }).where(eq(posts.id, 1))
    return db.refreshMaterializedView(topPosts)
  },
}

const READS: readonly ((db: ContractDb) => PromiseLike<unknown>)[] = [
  ...[1, 2, 3, 60].map((id) => (db: ContractDb) => db.select().from(posts).where(eq(posts.id, id))),
  ...[1, 2].map(
    (id) => (db: ContractDb) => db.select().from(posts).where(eq(posts.authorId, id)).orderBy(posts.id),
  ),
  (db) => db.select().from(posts).orderBy(posts.id),
  ...[1, 3, 50].map((id) => (db: ContractDb) => db.select().from(users).where(eq(users.id, id))),
  ...['u1@x', 'moved@x', 'fresh@x'].map(
    (email) => (db: ContractDb) => db.select().from(users).where(eq(users.email, email)),
  ),
  (db) => db.select().from(comments).where(eq(comments.postId, 1)),
  (db) => db.query.users.findFirst({ where: eq(users.id, 1), with: { posts: { with: { comments: true } } } }),
  (db) => db.query.posts.findFirst({ where: eq(posts.id, 1), with: { author: true } }),
  (db) => db.select().from(topPosts).orderBy(topPosts.id),
  (db) => db.$count(users),
]

export const writeRules: Rules = (the) => {
  describe('writes', () => {
    for (const [name, write] of Object.entries(WRITES))
      it(`${name} ends every cached read that it changes`, async () => {
        const { db, plain } = the()
        for (const read of READS) await read(db)
        await write(db)
        for (const read of READS) expect(await read(db)).toStrictEqual(await read(plain))
      })

    it('a write that the server refuses ends nothing for good', async () => {
      const { db, told } = the()
      const read = () => db.select().from(users).where(eq(users.id, 2))
      await read()
      await expect(db.insert(users).values({ email: 'u1@x' }).execute()).rejects.toThrow()
      expect(await told(read)).toBe('memory')
    })
  })
}
