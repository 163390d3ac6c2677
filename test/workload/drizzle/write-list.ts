import { and, eq, gt, inArray, sql } from 'drizzle-orm'
import { EMAILS, personId, postId, SLUGS } from './conditions.ts'
import { person, personSet, personWhere, post, postSet, postWhere, type Write } from './values.ts'

/** RETURNING, ON CONFLICT and UPDATE … FROM: PostgreSQL and SQLite. */
export const RETURNING: Readonly<Record<string, Write>> = {
  'insert person, returned': ({ db, t, random }) => db.insert(t.people).values(person(random)).returning(),
  'insert posts, returned': ({ db, t, random }) =>
    db
      .insert(t.posts)
      .values([post(random), post(random)])
      .returning({ id: t.posts.id, author: t.posts.authorId }),
  'update person, returned': (a) =>
    a.db.update(a.t.people).set(personSet(a)).where(personWhere(a)).returning(),
  'update posts, returned': (a) => a.db.update(a.t.posts).set(postSet(a)).where(postWhere(a)).returning(),
  'update posts, some columns returned': (a) =>
    a.db.update(a.t.posts).set(postSet(a)).where(postWhere(a)).returning({ id: a.t.posts.id }),
  'delete person, returned': (a) => a.db.delete(a.t.people).where(personWhere(a)).returning(),
  'delete posts, returned': (a) =>
    a.db.delete(a.t.posts).where(postWhere(a)).returning({ author: a.t.posts.authorId }),
  'nothing on conflict': ({ db, t, random }) =>
    db
      .insert(t.people)
      .values([person(random), person(random)])
      .onConflictDoNothing(),
  'nothing on conflict, returned': ({ db, t, random }) =>
    db
      .insert(t.posts)
      .values([post(random), post(random)])
      .onConflictDoNothing()
      .returning(),
  'update on conflict of the id': (a) =>
    a.db
      .insert(a.t.people)
      .values({ ...person(a.random), id: personId(a.random) })
      .onConflictDoUpdate({ target: a.t.people.id, set: personSet(a) }),
  'update on conflict of the e-mail': (a) =>
    a.db
      .insert(a.t.people)
      .values([person(a.random), person(a.random)])
      .onConflictDoUpdate({ target: a.t.people.email, set: personSet(a) })
      .returning(),
  'update on conflict from excluded': ({ db, t, random }) =>
    db
      .insert(t.posts)
      .values([post(random), post(random)])
      .onConflictDoUpdate({
        target: [t.posts.authorId, t.posts.slug],
        set: { viewCount: sql`excluded.view_count + 5`, slug: sql`excluded.slug` },
      }),
  'update on conflict of a post': (a) =>
    a.db
      .insert(a.t.posts)
      .values({ ...post(a.random), id: postId(a.random) })
      .onConflictDoUpdate({ target: a.t.posts.id, set: postSet(a), setWhere: gt(a.t.posts.viewCount, 0) }),
  'update from': ({ db, t, random }) =>
    db
      .update(t.posts)
      .set({ viewCount: t.people.points as never, authorId: personId(random) })
      .from(t.people)
      .where(and(eq(t.posts.authorId, t.people.id), eq(t.people.id, personId(random)))),
  'update from, returned': ({ db, t, random }) =>
    db
      .update(t.people)
      .set({ points: sql`${t.posts.viewCount}` })
      .from(t.posts)
      .where(and(eq(t.posts.authorId, t.people.id), eq(t.posts.id, postId(random))))
      .returning({ id: t.people.id }),
}

export const POSTGRES: Readonly<Record<string, Write>> = {
  'a CTE that deletes': ({ db, t, random }) => {
    const deletedRows = db.$with('gone').as(
      db
        .delete(t.postLabels)
        .where(eq(t.postLabels.postId, postId(random)))
        .returning(),
    )
    return db.with(deletedRows).select().from(deletedRows)
  },
  'a CTE that updates': ({ db, t, random }) => {
    const moved = db.$with('moved').as(
      db
        .update(t.posts)
        .set({ authorId: personId(random) })
        .where(eq(t.posts.id, postId(random)))
        .returning(),
    )
    return db.with(moved).select({ id: moved.id }).from(moved)
  },
  'an update by a CTE': ({ db, t, random }) => {
    const some = db.$with('some').as(
      db
        .select({ id: t.posts.authorId })
        .from(t.posts)
        .where(eq(t.posts.slug, random.pick(SLUGS))),
    )
    return db
      .with(some)
      .update(t.people)
      .set({ points: 2 })
      .where(inArray(t.people.id, db.select({ id: some.id }).from(some)))
  },
  'a delete by a CTE that inserts': ({ db, t, random }) => {
    const insertedRows = db.$with('made').as(
      db
        .insert(t.notes)
        .values({ personId: personId(random), body: 'made' })
        .returning({ id: t.notes.personId }),
    )
    return db
      .with(insertedRows)
      .delete(t.posts)
      .where(inArray(t.posts.authorId, db.select({ id: insertedRows.id }).from(insertedRows)))
      .returning()
  },
  'raw update with returning': ({ db, t, random }) =>
    db.execute(
      sql`update ${t.people} set points = points + 1 where email = ${random.pick(EMAILS)} returning id`,
    ),
}
