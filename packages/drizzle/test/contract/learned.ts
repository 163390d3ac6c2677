import { and, eq } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import type { Contract, RelationalReads, Rules } from './driver.ts'
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
]

/** Rows that only the result of a relational query names. */
export const learnedRules: Rules = (the, driver) => {
  describe('a relational query depends on', () => {
    for (const [fact, read, survives, ends] of CASES)
      rule(driver, fact, lateral(driver), async () => {
        const world = the()
        const { db, plain, t, told, relational } = world
        const once = () => relational[read](db, t)
        for (const [at, write] of [...survives, ...ends].entries()) {
          await once()
          expect(await told(once)).toBe('memory')
          await write(world)
          const now = await told(once)
          expect([at, now.startsWith('database')]).toEqual([at, at >= survives.length])
          expect(await once()).toEqual(await relational[read](plain, t))
        }
      })
  })
}

function lateral({ name }: { readonly name: string }): string | false {
  return name.includes('mysql') ? 'MariaDB has no LATERAL, which Drizzle writes' : false
}
