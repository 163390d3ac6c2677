import { eq, inArray, sql } from 'drizzle-orm'
import type { Contract, Driver } from './driver.ts'

export type Write = (contract: Contract) => PromiseLike<unknown>
type Forms = Readonly<Record<string, Write>>

const EVERYWHERE: Forms = {
  'an insert': ({ db, t }) => db.insert(t.posts).values({ title: 'new', authorId: 2 }),
  'an insert of several rows': ({ db, t }) =>
    db.insert(t.posts).values([
      { title: 'a', authorId: 1 },
      { title: 'b', authorId: 2 },
    ]),
  'an insert from a select': ({ db, t }) =>
    db.insert(t.users).select(
      db
        .select({
          id: sql<number>`${t.users.id} + 100`.as('id'),
          email: sql<string>`replace(${t.users.email}, 'u', 'x')`.as('email'),
          name: t.users.name,
          role: t.users.role,
        })
        .from(t.users),
    ),
  'an update by key': ({ db, t }) => db.update(t.posts).set({ views: 1 }).where(eq(t.posts.id, 1)),
  'an update that moves a row': ({ db, t }) =>
    db.update(t.posts).set({ authorId: 2 }).where(eq(t.posts.id, 1)),
  'an update of unknown rows': ({ db, t }) => db.update(t.posts).set({ title: 'all' }),
  'a delete by key': ({ db, t }) => db.delete(t.posts).where(eq(t.posts.id, 1)),
  'a delete that cascades': ({ db, t }) => db.delete(t.users).where(eq(t.users.id, 3)),
  'a delete that cascades twice': async ({ db, t, raw }) => {
    await raw(db, 'delete from app_membership')
    return db.delete(t.users).where(eq(t.users.id, 1))
  },
  'raw SQL': ({ db, t, raw }) => raw(db, sql`update ${t.posts} set view_count = 5`),
  'raw SQL with the table in its text': ({ db, raw }) => raw(db, 'update blog_post set view_count = 6'),
}

/** RETURNING, ON CONFLICT and UPDATE … FROM. */
const NOT_MYSQL: Forms = {
  'an insert with returning': ({ db, t }) =>
    db.insert(t.posts).values({ title: 'new', authorId: 2 }).returning(),
  'an update by an expression': ({ db, t }) =>
    db
      .update(t.posts)
      .set({ authorId: sql`3 - ${t.posts.authorId}` })
      .where(eq(t.posts.id, 1))
      .returning(),
  'an update from another table': ({ db, t }) =>
    db
      .update(t.posts)
      .set({ title: t.users.email as never })
      .from(t.users)
      .where(eq(t.posts.authorId, t.users.id)),
  'a delete with returning': ({ db, t }) =>
    db
      .delete(t.posts)
      .where(inArray(t.posts.id, [1, 2]))
      .returning({ id: t.posts.id }),
  'an upsert that updates': ({ db, t }) =>
    db
      .insert(t.users)
      .values({ id: 50, email: 'u1@x', name: 'again' })
      .onConflictDoUpdate({ target: t.users.email, set: { name: 'again', email: 'moved@x' } }),
  'an upsert that inserts': ({ db, t }) =>
    db
      .insert(t.posts)
      .values({ id: 60, title: 'fresh', authorId: 2 })
      .onConflictDoUpdate({ target: t.posts.id, set: { authorId: sql`excluded.author_id` } }),
  'an upsert of several rows': ({ db, t }) =>
    db
      .insert(t.posts)
      .values([
        { id: 1, title: 'x', authorId: 2 },
        { id: 2, title: 'y', authorId: 2 },
      ])
      .onConflictDoUpdate({ target: t.posts.id, set: { authorId: sql`excluded.author_id` } })
      .returning(),
  'an insert that does nothing on conflict': ({ db, t }) =>
    db
      .insert(t.users)
      .values([{ email: 'u1@x' }, { email: 'fresh@x' }])
      .onConflictDoNothing(),
}

const POSTGRES: Forms = {
  'an update from another table that returns the columns of both': ({ db, t }) =>
    db
      .update(t.posts)
      .set({ title: 'joined' })
      .from(t.users)
      .where(eq(t.posts.authorId, t.users.id))
      .returning(),
  'a CTE that writes': ({ db, t }) => {
    const deletedComments = db
      .$with('gone')
      .as(db.delete(t.comments).where(eq(t.comments.postId, 1)).returning())
    return db.with(deletedComments).select().from(deletedComments)
  },
  'a CTE of raw SQL that writes': ({ db, t }) => {
    const deletedComments = db
      .$with('gone', { id: t.comments.id })
      .as(sql`delete from blog_comment where post_id = 1 returning id`)
    return db.with(deletedComments).select().from(deletedComments)
  },
  'a CTE of raw SQL that writes, before an update of another table': ({ db, t }) => {
    const deletedComments = db
      .$with('gone', { id: t.comments.id })
      .as(sql`delete from ${t.comments} where post_id = 1 returning id`)
    return db.with(deletedComments).update(t.users).set({ name: 'also' }).where(eq(t.users.id, 3))
  },
  'a refresh of a materialised view': async ({ db, t }) => {
    await db.update(t.posts).set({ title: 'for the view' }).where(eq(t.posts.id, 1))
    return db.refreshMaterializedView(t.topPosts)
  },
}

/** MySQL's counterparts, on builders that are missing in the contract's type. */
interface MySqlInsert {
  ignore(): { values(rows: readonly object[]): PromiseLike<unknown> }
  onDuplicateKeyUpdate(config: object): PromiseLike<unknown>
}

const MYSQL: Forms = {
  'an insert that ignores conflicts': ({ db, t }) =>
    (db.insert(t.users) as unknown as MySqlInsert).ignore().values([{ email: 'u1@x' }, { email: 'fresh@x' }]),
  'ON DUPLICATE KEY UPDATE': ({ db, t }) =>
    (
      db.insert(t.users).values({ id: 50, email: 'u1@x', name: 'again' }) as unknown as MySqlInsert
    ).onDuplicateKeyUpdate({ set: { name: 'again', email: 'moved@x' } }),
}

/** Those that reach a driver in different ways, or that it answers differently. */
export const DIFFERENT_WRITES = [
  'an insert with returning',
  'an update by key',
  'a delete that cascades',
  'raw SQL',
  'raw SQL with the table in its text',
  'a CTE that writes',
  'ON DUPLICATE KEY UPDATE',
]

/** The write forms of a dialect. */
export function writesOf(dialect: Driver['dialect']): Forms {
  if (dialect === 'mysql') return { ...EVERYWHERE, ...MYSQL }
  return dialect === 'sqlite' ? { ...EVERYWHERE, ...NOT_MYSQL } : { ...EVERYWHERE, ...NOT_MYSQL, ...POSTGRES }
}
