import { eq, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import type { Contract, ContractSchema, Rules } from './driver.ts'

type Raw = (t: ContractSchema) => ReturnType<typeof sql>

/** Raw writes with all their tables in the template. Reads of other tables are kept. */
const KNOWN_TARGETS: Readonly<Record<string, Raw>> = {
  'an update': (t) => sql`update ${t.posts} set view_count = ${5} where id = ${1}`,
  'a delete': (t) => sql`delete from ${t.comments} where post_id in (select id from ${t.posts})`,
  'an insert': (t) => sql`insert into ${t.posts} (id, title, author_id) values (${70}, ${'raw'}, ${1})`,
  'an update with a function and a word in a string': (t) =>
    sql`update ${t.posts} set title = replace(title, 'p', 'delete from') where id = 1`,
}
/** Raw writes that may change other tables. */
const UNKNOWN_TARGETS: Readonly<Record<string, Raw>> = {
  'a table in the text': (t) =>
    sql`insert into blog_comment (id, text, post_id) select id + 100, title, id from ${t.posts}`,
  'two statements, of which one names no table': (t) =>
    sql`update ${t.posts} set view_count = 3 where exists (select 1 from app_user) /* update */`,
}

export const rawRules: Rules = (the) => {
  describe('raw SQL', () => {
    const setup = () => {
      const { db, t, raw } = the()
      const user = () => db.select().from(t.users).where(eq(t.users.id, 1))
      const post = () => db.select().from(t.posts).where(eq(t.posts.id, 1))
      const comments = () => db.select().from(t.comments)
      return { ...the(), raw, user, post, comments }
    }
    const run = ({ db, t, raw }: Contract, make: Raw) => raw(db, make(t))

    for (const [name, make] of Object.entries(KNOWN_TARGETS))
      it(`${name} invalidates reads of the tables in its template and no others`, async () => {
        const { user, post, comments, sourceOf, plain, t } = setup()
        for (const read of [user, post, comments]) await read()
        await run(the(), make)
        expect(await sourceOf(user)).toBe('memory')
        expect(await post()).toStrictEqual(await plain.select().from(t.posts).where(eq(t.posts.id, 1)))
        expect(await comments()).toStrictEqual(await plain.select().from(t.comments))
      })

    for (const [name, make] of Object.entries(UNKNOWN_TARGETS))
      it(`${name}: leaves no stale read`, async () => {
        const { user, post, comments, plain, t } = setup()
        for (const read of [user, post, comments]) await read()
        await run(the(), make)
        expect(await post()).toStrictEqual(await plain.select().from(t.posts).where(eq(t.posts.id, 1)))
        expect(await comments()).toStrictEqual(await plain.select().from(t.comments))
      })

    it('a raw read without declared tables is never cached', async () => {
      const { sourceOf, raw, db, t } = setup()
      const read = () => raw(db, sql`select * from ${t.users}`)
      await read()
      expect(await sourceOf(read)).toBe('database no-policy')
    })
  })
}
