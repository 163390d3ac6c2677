import { eq, sql } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import { describe, expect, it } from 'vitest'
import type { Contract, ContractDb, Rules } from '../contract/driver.ts'
import type { relationsPg } from './relations-pg.ts'

type Query = NodePgDatabase<typeof relationsPg>['query']
type Read = (query: Query) => PromiseLike<unknown>
type Write = (world: Contract) => PromiseLike<unknown>

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

/** Each with writes it survives, and writes that change it. */
const CASES: Readonly<Record<string, readonly [Read, survives: readonly Write[], ends: readonly Write[]]>> = {
  'a row by its key with its rows of a relation': [
    (query) => query.users.findFirst({ where: { id: 1 }, with: { posts: true } }),
    [postOf(2), user(2), comment],
    [postOf(1), user(1)],
  ],
  'the same ordered, with an offset and two levels': [
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
  'a row with the one it belongs to': [
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
  'extras with the names of keys, in rows of relations': [
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
    for (const [name, [read, survives, ends]] of Object.entries(CASES))
      it(`${name}: survives writes of other rows, and ends with those of its own`, async () => {
        const { db, plain, told } = the()
        const ours = () => read(queryOf(db))
        await ours()
        for (const write of survives) {
          await write(the())
          expect(await told(ours)).toBe('memory')
        }
        for (const write of ends) {
          await ours()
          await write(the())
          expect(await told(ours)).toMatch(/^database (?:invalidated|miss)$/)
          expect(await ours()).toStrictEqual(await read(queryOf(plain)))
        }
      })

    it('a query in raw SQL among the conditions is never cached', async () => {
      const { db, told } = the()
      const read = () => queryOf(db).users.findMany({ where: { RAW: sql`exists (select 1 from blog_post)` } })
      await read()
      expect(await told(read)).toBe('database opaque')
    })
  })
}
