import { aliasedTable, and, eq, inArray } from 'drizzle-orm'
import { CODES, EMAILS, NICKS, personId, postId, type Shape, SLUGS } from './conditions.ts'

/** Reads by a key: what a cache keeps longest, and what takes most knowledge to end in time. */
export const LOOKUPS: Readonly<Record<string, Shape>> = {
  'by id': ({ db, t, random }) =>
    db
      .select()
      .from(t.people)
      .where(eq(t.people.id, personId(random))),
  'by e-mail': ({ db, t, random }) =>
    db
      .select({ id: t.people.id })
      .from(t.people)
      .where(eq(t.people.email, random.pick(EMAILS))),
  'by several e-mails': ({ db, t, random }) =>
    db
      .select()
      .from(t.people)
      .where(inArray(t.people.email, [random.pick(EMAILS), random.pick(EMAILS)])),
  'by code': ({ db, t, random }) =>
    db
      .select()
      .from(t.teams)
      .where(eq(t.teams.code, random.pick(CODES))),
  'by two columns': ({ db, t, random }) =>
    db
      .select()
      .from(t.posts)
      .where(and(eq(t.posts.authorId, personId(random)), eq(t.posts.slug, random.pick(SLUGS)))),
  'by both ids of a link': ({ db, t, random }) =>
    db
      .select()
      .from(t.postLabels)
      .where(and(eq(t.postLabels.postId, postId(random)), inArray(t.postLabels.labelId, [1, 2]))),
  'by nick name': ({ db, t, random }) =>
    db
      .select()
      .from(t.people)
      .where(eq(t.people.nickName, random.pick(NICKS))),
  'by several ids': ({ db, t, random }) =>
    db
      .select()
      .from(t.people)
      .where(inArray(t.people.id, [personId(random), personId(random)])),
  'posts of one': ({ db, t, random }) =>
    db
      .select()
      .from(t.posts)
      .where(eq(t.posts.authorId, personId(random))),
  'posts of some': ({ db, t, random }) =>
    db
      .select({ slug: t.posts.slug, views: t.posts.viewCount })
      .from(t.posts)
      .where(inArray(t.posts.authorId, [personId(random), personId(random)])),
  'a post': ({ db, t, random }) =>
    db
      .select()
      .from(t.posts)
      .where(eq(t.posts.id, postId(random))),
  'staff of one': ({ db, t, random }) =>
    db
      .select()
      .from(t.people)
      .where(eq(t.people.bossId, personId(random))),
  'people of a team': ({ db, t, random }) =>
    db
      .select({ email: t.people.email })
      .from(t.people)
      .where(eq(t.people.teamId, random.int(1, 3))),
  'notes of one': ({ db, t, random }) =>
    db
      .select()
      .from(t.notes)
      .where(eq(t.notes.personId, personId(random))),
  'how many posts of one': ({ db, t, random }) => db.$count(t.posts, eq(t.posts.authorId, personId(random))),
  'one with their posts': ({ db, t, random }) =>
    db
      .select()
      .from(t.people)
      .innerJoin(t.posts, eq(t.posts.authorId, t.people.id))
      .where(eq(t.people.id, personId(random))),
  'one and their boss': ({ db, t, random }) => {
    const boss = aliasedTable(t.people, 'boss')
    return db
      .select()
      .from(t.people)
      .leftJoin(boss, and(eq(boss.id, t.people.bossId), eq(boss.teamId, t.people.teamId)))
      .where(eq(t.people.id, personId(random)))
  },
  'one by query': ({ db, t, random }) =>
    db.query.people.findFirst({
      where: eq(t.people.id, personId(random)),
      with: { posts: true, staff: true },
    }),
}
