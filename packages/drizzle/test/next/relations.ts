import { eq, sql } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import { describe, expect, it } from 'vitest'
import type { Contract, ContractDb, Rules } from '../contract/driver.ts'
import type { relationsPg } from './relations-pg.ts'

type Query = NodePgDatabase<typeof relationsPg>['query']
type Read = (query: Query) => PromiseLike<unknown>
type Write = (contract: Contract) => PromiseLike<unknown>

const postOf =
  (author: number): Write =>
  ({ db, t }) =>
    db.update(t.posts).set({ title: 'changed' }).where(eq(t.posts.authorId, author)).returning()
const post =
  (id: number): Write =>
  ({ db, t }) =>
    db.update(t.posts).set({ title: 'changed' }).where(eq(t.posts.id, id)).returning()
const user =
  (id: number): Write =>
  ({ db, t }) =>
    db.update(t.users).set({ name: 'changed' }).where(eq(t.users.id, id))
const comment: Write = ({ db, t }) => db.insert(t.comments).values({ id: 50, text: 'new', postId: 1 })

/** Each read with writes that keep it and writes that invalidate it. */
const CASES: Readonly<
  Record<string, readonly [Read, kept: readonly Write[], invalidated: readonly Write[]]>
> = {
  'a row by its key with a to-many relation': [
    (query) => query.users.findFirst({ where: { id: 1 }, with: { posts: true } }),
    [postOf(2), user(2), comment],
    [postOf(1), user(1)],
  ],
  'a row by its key with two ordered levels of relations and an offset': [
    (query) =>
      query.users.findMany({
        where: { id: { in: [1, 3] } },
        orderBy: { id: 'desc' },
        limit: 5,
        offset: 0,
        with: { posts: { with: { comments: true } } },
      }),
    [postOf(2), user(2)],
    [postOf(1), user(3), comment],
  ],
  'a row with a to-one relation': [
    (query) => query.posts.findFirst({ where: { id: 1 }, with: { author: true } }),
    [post(2)],
    [post(1), user(1)],
  ],
  'conditions joined by AND, a filter of a relation, and raw SQL': [
    (query) =>
      query.users.findMany({
        where: { id: 1, AND: [{ email: { ne: 'x' } }], posts: { id: { gt: 0 } }, RAW: sql`1 = 1` },
      }),
    [user(2)],
    [user(1), ({ db, t }) => db.delete(t.posts).where(eq(t.posts.authorId, 1))],
  ],
  'a prepared query': [
    (query) =>
      query.users
        .findFirst({ where: { id: { eq: sql.placeholder('id') } }, with: { posts: true } })
        .prepare('by_id')
        .execute({ id: 1 }),
    [postOf(2), user(2)],
    [postOf(1), user(1)],
  ],
  'extras in relations with the names of keys': [
    (query) =>
      query.comments.findFirst({
        where: { id: 1 },
        with: {
          post: {
            extras: { authorId: sql<number>`70` },
            with: { author: { extras: { id: sql<number>`71` } } },
          },
        },
      }),
    [],
    [user(1), post(1)],
  ],
  'conditions joined by OR': [
    (query) =>
      query.users.findMany({ where: { OR: [{ id: 1 }, { email: 'u2@x' }] }, orderBy: { id: 'asc' } }),
    [comment],
    [user(1), user(2)],
  ],
  'a negated condition': [
    (query) => query.users.findMany({ where: { NOT: { id: 1 } }, orderBy: { id: 'asc' } }),
    [comment],
    [user(2), user(3)],
  ],
  'extras, and a count in them': [
    (query) =>
      query.users.findMany({
        where: { id: 1 },
        extras: { loud: (t, { sql: text }) => text<string>`upper(${t.name})` },
      }),
    [user(2), comment],
    [user(1)],
  ],
}

const queryOf = (db: ContractDb): Query => (db as unknown as { query: Query }).query

export const relationRules: Rules = (the) => {
  describe('relational queries of 1.0', () => {
    for (const [name, [read, kept, invalidated]] of Object.entries(CASES))
      it(`${name} is kept after writes to other rows and invalidated by writes to its own`, async () => {
        const { db, plain, sourceOf } = the()
        const ours = () => read(queryOf(db))
        await ours()
        for (const write of kept) {
          await write(the())
          expect(await sourceOf(ours)).toBe('memory')
        }
        for (const write of invalidated) {
          await ours()
          await write(the())
          expect(await sourceOf(ours)).toMatch(/^database (?:invalidated|miss)$/)
          expect(await ours()).toStrictEqual(await read(queryOf(plain)))
        }
      })

    it('a relational query with raw SQL that contains a query is never cached', async () => {
      const { db, sourceOf } = the()
      const read = () => queryOf(db).users.findMany({ where: { RAW: sql`exists (select 1 from blog_post)` } })
      await read()
      expect(await sourceOf(read)).toBe('database opaque')
    })
  })
}
