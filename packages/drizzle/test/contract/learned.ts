import { and, desc, eq, gt, inArray, isNull, lt, ne, sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import type { Contract, ContractDb, ContractSchema, RelationalReads, Rules } from './driver.ts'
import { rule } from './left-out.ts'

type Write = (world: Contract) => PromiseLike<unknown>

const user =
  (id: number): Write =>
  ({ db, t }) =>
    db
      .update(t.users)
      .set({ name: 'changed' })
      .where(and(eq(t.users.id, id), eq(t.users.email, `u${id}@x`)))
const post =
  (id: number, authorId: number): Write =>
  ({ db, t }) =>
    db.insert(t.posts).values({ id, title: 'new', authorId })
const titled =
  (id: number): Write =>
  ({ db, t }) =>
    db.update(t.posts).set({ title: 'changed' }).where(eq(t.posts.id, id))
const moved =
  (id: number, authorId: number): Write =>
  ({ db, t }) =>
    db.update(t.posts).set({ authorId }).where(eq(t.posts.id, id))

/** Each read with writes of the same tables that it survives, and writes that end it. */
const CASES: readonly (readonly [
  fact: string,
  read: keyof RelationalReads,
  survives: readonly Write[],
  ends: readonly Write[],
])[] = [
  [
    'the row that a row belongs to, and no other',
    'postWithAuthor',
    [user(2), user(3)],
    [user(1), moved(1, 2), titled(1)],
  ],
  [
    'that row though its key is not selected, where the row that points to it is',
    'viewsOfPostWithAuthor',
    [user(2)],
    [user(1)],
  ],
  [
    'rows by the key of the row they belong to, which was found by another',
    'userByEmailWithPosts',
    [user(2), post(50, 3)],
    [post(51, 1), user(1)],
  ],
  ['rows at two levels', 'commentWithPostAndAuthor', [user(2), titled(2)], [user(1), titled(1), moved(1, 3)]],
  ['all of a table whose rows the result does not name', 'postTitledWithAuthorsName', [], [user(3)]],
  ['all of a table of which a row may come that is not there', 'userWithAnyPost', [user(2)], [post(55, 3)]],
]

type Joined = (db: ContractDb, t: ContractSchema) => PromiseLike<unknown>

const withAuthor: Joined = (db, t) =>
  db.select().from(t.posts).leftJoin(t.users, eq(t.users.id, t.posts.authorId)).orderBy(t.posts.id)

/** The same for joins. `user(3)` has no post. */
const JOINS: readonly (readonly [
  fact: string,
  read: Joined,
  survives: readonly Write[],
  ends: readonly Write[],
])[] = [
  ['the row that each row belongs to, in a left join', withAuthor, [user(3)], [user(2), post(52, 1)]],
  [
    'the rows of inner joins by key, however they are filtered',
    (db, t) =>
      db
        .select()
        .from(t.comments)
        .innerJoin(t.posts, eq(t.posts.id, t.comments.postId))
        .innerJoin(t.users, eq(t.users.id, t.posts.authorId))
        .where(and(eq(t.comments.id, 1), gt(t.posts.views, 1), ne(t.users.name, 'x'))),
    [user(2), titled(2), post(53, 2)],
    [user(1), titled(1), moved(1, 2)],
  ],
  [
    'all rows that a filter reads of a joined table, where it may hide some',
    (db, t) =>
      db
        .select()
        .from(t.posts)
        .leftJoin(t.users, eq(t.users.id, t.posts.authorId))
        .where(ne(t.users.name, 'n2'))
        .orderBy(t.posts.id),
    [],
    [user(3)],
  ],
  [
    'all rows of a table that decide which rows of another are joined, where a filter reads those',
    (db, t) =>
      db
        .select()
        .from(t.comments)
        .leftJoin(t.posts, eq(t.posts.id, t.comments.postId))
        .leftJoin(t.users, eq(t.users.id, t.posts.authorId))
        .where(eq(t.users.name, 'n1'))
        .orderBy(t.comments.id),
    [],
    // Comment 2 is of post 3, whose author was another.
    [moved(3, 1), user(3)],
  ],
  [
    'all rows of a table that decide by another column which rows of another are joined',
    (db, t) =>
      db
        .select()
        .from(t.comments)
        .leftJoin(t.posts, eq(t.posts.id, t.comments.postId))
        .leftJoin(t.users, and(eq(t.users.id, t.comments.id), gt(t.posts.views, 20)))
        .where(isNull(t.users.name))
        .orderBy(t.comments.id),
    [],
    [({ db, t }) => db.update(t.posts).set({ views: 0 }).where(eq(t.posts.id, 3))],
  ],
  [
    'all rows of a table that decide which rows of another are joined, where an ordering reads those for a limit',
    (db, t) =>
      db
        .select()
        .from(t.comments)
        .leftJoin(t.posts, eq(t.posts.id, t.comments.postId))
        .leftJoin(t.users, eq(t.users.id, t.posts.authorId))
        .orderBy(desc(t.users.name), t.comments.id)
        .limit(1),
    [],
    [moved(1, 3)],
  ],
  [
    'the rows of a table that others are joined by, where nothing reads those to show or hide rows',
    (db, t) =>
      db
        .select()
        .from(t.comments)
        .leftJoin(t.posts, eq(t.posts.id, t.comments.postId))
        .leftJoin(t.users, eq(t.users.id, t.posts.authorId))
        .where(gt(t.posts.views, 10))
        .orderBy(t.comments.id),
    [user(1), user(3)],
    [user(2), moved(3, 1), titled(2)],
  ],
  [
    'all rows that raw SQL may read of a joined table',
    (db, t) =>
      db
        .select()
        .from(t.posts)
        .leftJoin(t.users, eq(t.users.id, t.posts.authorId))
        .where(sql`email <> 'x'`)
        .orderBy(t.posts.id),
    [],
    [user(3)],
  ],
  [
    'all rows that an ordering reads of a joined table, where a limit may hide some',
    (db, t) =>
      db
        .select()
        .from(t.posts)
        .leftJoin(t.users, eq(t.users.id, t.posts.authorId))
        .orderBy(t.users.name, t.posts.id)
        .limit(2),
    [],
    [user(3)],
  ],
  [
    'all rows that an ordering by the place of a column reads of a joined table, where a limit may hide some',
    (db, t) =>
      db
        .select()
        .from(t.posts)
        .leftJoin(t.users, eq(t.users.id, t.posts.authorId))
        .orderBy(sql.raw('7'), t.posts.id)
        .limit(2),
    [],
    // The seventh column is the author's name; post 3, which is not shown, is of user 2.
    [({ db, t }) => db.update(t.users).set({ name: 'a' }).where(eq(t.users.id, 2))],
  ],
  [
    'all rows of a left join that found none where one is pointed to',
    (db, t) =>
      db
        .select()
        .from(t.posts)
        .leftJoin(t.users, and(eq(t.users.id, t.posts.authorId), eq(t.users.name, 'n2')))
        .orderBy(t.posts.id),
    [],
    [({ db, t }) => db.update(t.users).set({ name: 'n2' }).where(eq(t.users.id, 1))],
  ],
  [
    'all rows of an inner join that may hide some',
    (db, t) =>
      db.select().from(t.posts).innerJoin(t.users, eq(t.users.id, t.posts.authorId)).orderBy(t.posts.id),
    [],
    [user(3)],
  ],
  [
    'all rows of an inner join of several rows bound by key, of which one is hidden',
    (db, t) =>
      db
        .select()
        .from(t.posts)
        .innerJoin(t.users, eq(t.users.id, t.posts.authorId))
        .where(and(inArray(t.posts.id, [1, 3]), ne(t.users.name, 'n2'))),
    [],
    [user(2)],
  ],
  [
    'all rows of a table joined by no key of it',
    (db, t) =>
      db.select().from(t.users).leftJoin(t.posts, eq(t.posts.authorId, t.users.id)).where(eq(t.users.id, 3)),
    [user(2)],
    [user(3), post(54, 3)],
  ],
  [
    'all rows of a table joined by no key of it, of which some are passed over',
    (db, t) =>
      db
        .select({ id: t.users.id, author: t.posts.authorId })
        .from(t.users)
        .leftJoin(t.posts, eq(t.posts.authorId, t.users.id))
        .where(lt(t.users.id, 3))
        .orderBy(t.users.id)
        .limit(1)
        .offset(2),
    [],
    [post(56, 1)],
  ],
  [
    'all rows of a joined table where one row of several is shown for a group',
    (db, t) =>
      db
        .select({ author: t.posts.authorId, id: t.comments.id })
        .from(t.posts)
        .leftJoin(t.comments, eq(t.comments.id, t.posts.id))
        .where(lt(t.posts.id, 3))
        .groupBy(t.posts.authorId, t.comments.id)
        .orderBy(t.comments.id),
    [],
    [({ db, t }) => db.insert(t.comments).values({ id: 57, text: 'new', postId: 1 })],
  ],
  [
    'all rows where the result is no row',
    (db, t) =>
      db
        .select()
        .from(t.posts)
        .innerJoin(t.users, eq(t.users.id, t.posts.authorId))
        .where(and(eq(t.posts.id, 1), eq(t.users.name, 'nobody'))),
    [],
    [user(3)],
  ],
]

/** Rows that only the result names. */
export const learnedRules: Rules = (the, driver) => {
  const check = async (
    world: Contract,
    read: Joined,
    survives: readonly Write[],
    ends: readonly Write[],
  ): Promise<void> => {
    const { db, plain, t, told } = world
    const once = () => read(db, t)
    for (const [at, write] of [...survives, ...ends].entries()) {
      await once()
      expect(await told(once)).toBe('memory')
      await write(world)
      const now = await told(once)
      expect([at, now.startsWith('database')]).toEqual([at, at >= survives.length])
      expect(await once()).toEqual(await read(plain, t))
    }
  }
  describe('a relational query depends on', () => {
    for (const [fact, read, survives, ends] of CASES)
      rule(driver, fact, lateral(driver), () => {
        const world = the()
        return check(world, world.relational[read], survives, ends)
      })
  })
  describe('a select depends on', () => {
    // Text keys of MySQL are none: a write by one of them and another key is a write by that other.
    for (const [fact, read, survives, ends] of JOINS)
      rule(driver, fact, false, () => check(the(), read, survives, ends))
  })
}

function lateral({ name }: { readonly name: string }): string | false {
  return name.includes('mysql') ? 'MariaDB has no LATERAL, which Drizzle writes' : false
}
