import { and, desc, eq, gt, inArray, isNull, lt, ne, sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import type { Contract, ContractDb, ContractSchema, RelationalReads, Rules } from './driver.ts'
import { rule } from './skippable-rule.ts'

type Write = (contract: Contract) => PromiseLike<unknown>

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

/** Each read with writes that keep it and writes that invalidate it. */
const CASES: readonly (readonly [
  fact: string,
  read: keyof RelationalReads,
  kept: readonly Write[],
  invalidated: readonly Write[],
])[] = [
  [
    'a to-one relation depends on the related row and no other',
    'postWithAuthor',
    [user(2), user(3)],
    [user(1), moved(1, 2), titled(1)],
  ],
  [
    'a to-one relation depends on the related row if only the parent shows its key',
    'viewsOfPostWithAuthor',
    [user(2)],
    [user(1)],
  ],
  [
    'a to-many relation depends on rows by the key of the parent, which was found by another key',
    'userByEmailWithPosts',
    [user(2), post(50, 3)],
    [post(51, 1), user(1)],
  ],
  [
    'nested relations depend on single rows at both levels',
    'commentWithPostAndAuthor',
    [user(2), titled(2)],
    [user(1), titled(1), moved(1, 3)],
  ],
  [
    'a relation whose keys are not in the result depends on the whole table',
    'postTitledWithAuthorsName',
    [],
    [user(3)],
  ],
  ['a to-one relation without a row depends on the whole table', 'userWithAnyPost', [user(2)], [post(55, 3)]],
]

type Joined = (db: ContractDb, t: ContractSchema) => PromiseLike<unknown>

const withAuthor: Joined = (db, t) =>
  db.select().from(t.posts).leftJoin(t.users, eq(t.users.id, t.posts.authorId)).orderBy(t.posts.id)

/** The same for joins. User 3 has no post. */
const JOINS: readonly (readonly [
  fact: string,
  read: Joined,
  kept: readonly Write[],
  invalidated: readonly Write[],
])[] = [
  ['a left join by key depends on the joined rows', withAuthor, [user(3)], [user(2), post(52, 1)]],
  [
    'inner joins by key from one row depend on the joined rows, with any filter',
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
    'a left join with a filter on the joined table depends on that table',
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
    'a filter on a joined table makes a table that decides its joins a dependency',
    (db, t) =>
      db
        .select()
        .from(t.comments)
        .leftJoin(t.posts, eq(t.posts.id, t.comments.postId))
        .leftJoin(t.users, eq(t.users.id, t.posts.authorId))
        .where(eq(t.users.name, 'n1'))
        .orderBy(t.comments.id),
    [],
    // Comment 2 belongs to post 3, which had another author.
    [moved(3, 1), user(3)],
  ],
  [
    'a filter on a joined table makes a table in its ON a dependency',
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
    'ORDER BY a joined table with LIMIT makes a table that decides its joins a dependency',
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
    'a filter on an earlier table keeps later joins dependent on single rows',
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
    'a raw filter makes the joined table a dependency',
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
    'ORDER BY a joined table with LIMIT makes that table a dependency',
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
    'ORDER BY the position of a joined column with LIMIT makes that table a dependency',
    (db, t) =>
      db
        .select()
        .from(t.posts)
        .leftJoin(t.users, eq(t.users.id, t.posts.authorId))
        .orderBy(sql.raw('7'), t.posts.id)
        .limit(2),
    [],
    // Column 7 is the author's name. Post 3, which is not in the result, belongs to user 2.
    [({ db, t }) => db.update(t.users).set({ name: 'a' }).where(eq(t.users.id, 2))],
  ],
  [
    'a left join that matched no row although one is referenced depends on the whole table',
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
    'an inner join of all rows depends on the whole joined table',
    (db, t) =>
      db.select().from(t.posts).innerJoin(t.users, eq(t.users.id, t.posts.authorId)).orderBy(t.posts.id),
    [],
    [user(3)],
  ],
  [
    'an inner join of several rows, of which a filter hides one, depends on the whole joined table',
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
    'a join without a key depends on rows by the joined column',
    (db, t) =>
      db.select().from(t.users).leftJoin(t.posts, eq(t.posts.authorId, t.users.id)).where(eq(t.users.id, 3)),
    [user(2)],
    [user(3), post(54, 3)],
  ],
  [
    'a join without a key and with an OFFSET depends on the whole joined table',
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
    'a grouped join depends on the whole joined table',
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
    'an inner join without a result depends on the whole joined table',
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

/** Dependencies that are known only from the result. */
export const resultDependencyRules: Rules = (the, driver) => {
  const check = async (
    contract: Contract,
    read: Joined,
    harmless: readonly Write[],
    invalidated: readonly Write[],
  ): Promise<void> => {
    const { db, plain, t, sourceOf } = contract
    const once = () => read(db, t)
    for (const [at, write] of [...harmless, ...invalidated].entries()) {
      await once()
      expect(await sourceOf(once)).toBe('memory')
      await write(contract)
      const now = await sourceOf(once)
      expect([at, now.startsWith('database')]).toEqual([at, at >= harmless.length])
      expect(await once()).toEqual(await read(plain, t))
    }
  }
  describe('result dependencies of a relational query', () => {
    for (const [fact, read, harmless, invalidated] of CASES)
      rule(driver, fact, lateral(driver), () => {
        const contract = the()
        return check(contract, contract.relational[read], harmless, invalidated)
      })
  })
  describe('result dependencies of a select', () => {
    // MySQL's text keys identify no row, so a write by one and another key is a write by the other.
    for (const [fact, read, harmless, invalidated] of JOINS)
      rule(driver, fact, false, () => check(the(), read, harmless, invalidated))
  })
}

function lateral({ name }: { readonly name: string }): string | false {
  return name.includes('mysql') ? 'MariaDB has no LATERAL, which Drizzle uses' : false
}
