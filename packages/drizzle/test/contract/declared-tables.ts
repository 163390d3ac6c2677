import { cached } from '@larder/drizzle'
import { eq, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import type { ContractDb, Rules } from './driver.ts'
import { rule } from './skippable-rule.ts'

/** SQLite's method for raw reads, which is missing in the contract's type. */
interface AllDb {
  all(query: ReturnType<typeof sql>): PromiseLike<unknown>
}

const TTL = { ttl: '1h' } as const

export const declaredTableRules: Rules = (the, driver) => {
  const { dialect } = driver
  const ask = (db: ContractDb, query: ReturnType<typeof sql>) =>
    dialect === 'sqlite' ? (db as unknown as AllDb).all(query) : db.execute(query)
  /** The titles in a result, whatever its form. */
  const titles = (result: unknown) => JSON.stringify(result).match(/"p\d"|changed/g)

  describe('raw SQL with declared tables', () => {
    const setup = () => {
      const { db, t } = the()
      const reading = cached(db, { ...TTL, reads: [t.posts] })
      const read = () => ask(reading, sql`select title from blog_post where author_id = ${1} order by id`)
      const user = () => db.select().from(t.users).where(eq(t.users.id, 1))
      const post = () => db.select().from(t.posts).where(eq(t.posts.id, 1))
      return { ...the(), reading, read, user, post }
    }

    it('a raw read with declared tables is cached, and a write to them invalidates it', async () => {
      const { db, t, read, sourceOf, plain } = setup()
      const first = await read()
      expect(await sourceOf(read)).toBe('memory')
      expect(await read()).toStrictEqual(first)
      await db.update(t.users).set({ name: 'x' }).where(eq(t.users.id, 1))
      expect(await sourceOf(read)).toBe('memory')
      await db.update(t.posts).set({ title: 'changed' }).where(eq(t.posts.id, 1))
      const after = await read()
      expect(titles(after)).toContain('changed')
      const uncached = await ask(plain, sql`select title from blog_post where author_id = ${1} order by id`)
      expect(titles(after)).toStrictEqual(titles(uncached))
    })

    it('each caller of a raw read receives its own copy of the result', async () => {
      const { read } = setup()
      const before = JSON.stringify(await read())
      const list = (await read()) as { rows?: object[] } & object[]
      Object.assign((list.rows ?? list)[0] ?? {}, { title: 'poisoned' })
      expect(JSON.stringify(await read())).toBe(before)
    })

    it('a table object in the template is a dependency, declared or not', async () => {
      const { db, t, reading } = setup()
      const read = () =>
        ask(reading, sql`select name from ${t.users} where id in (select author_id from blog_post)`)
      await read()
      await db.update(t.users).set({ name: 'changed' }).where(eq(t.users.id, 1))
      expect(JSON.stringify(await read())).toContain('changed')
    })

    it('the parameters of raw SQL are part of the entry key', async () => {
      const { reading } = setup()
      const of = (id: number) => ask(reading, sql`select title from blog_post where id = ${id}`)
      expect(JSON.stringify(await of(1))).not.toBe(JSON.stringify(await of(2)))
    })

    const NEVER = {
      'a volatile keyword': () => sql`select title, current_timestamp from blog_post`,
      ...(dialect === 'sqlite'
        ? {}
        : { 'an unknown function': () => sql`select title, version() from blog_post` }),
    }
    for (const [name, make] of Object.entries(NEVER))
      it(`${name} is never cached`, async () => {
        const { reading, sourceOf } = setup()
        await ask(reading, make())
        expect(await sourceOf(() => ask(reading, make()))).toBe('database opaque')
      })

    rule(
      driver,
      'a locking raw read is never cached',
      dialect === 'sqlite' && 'SQLite has no locking clause',
      async () => {
        const { reading, sourceOf } = setup()
        const lock = () => ask(reading, sql`select title from blog_post where id = 1 for update`)
        await lock()
        expect(await sourceOf(lock)).toBe('database lock')
      },
    )

    it('a raw read in a transaction goes to the database', async () => {
      const { db, t, sourceOf, read } = setup()
      await read()
      await db.transaction(async (tx) => {
        const inside = cached(tx as unknown as ContractDb, { ...TTL, reads: [t.posts] })
        expect(await sourceOf(() => ask(inside, sql`select title from blog_post`))).toBe(
          'database transaction',
        )
      })
    })

    it('a raw write with declared tables invalidates reads of them and no others', async () => {
      const { db, t, raw, user, post, sourceOf, plain } = setup()
      for (const read of [user, post]) await read()
      const writing = cached(db, { writes: ['posts'] })
      await raw(writing, "update blog_post set title = 'changed' where id = 1")
      expect(await sourceOf(user)).toBe('memory')
      expect(await post()).toStrictEqual(await plain.select().from(t.posts).where(eq(t.posts.id, 1)))
    })

    it('a raw write with declared tables in a transaction invalidates at COMMIT', async () => {
      const { db, t, raw, user, post, sourceOf, plain } = setup()
      for (const read of [user, post]) await read()
      await db.transaction(async (tx) => {
        const writing = cached(tx as unknown as ContractDb, { writes: [t.posts] })
        await raw(writing, "update blog_post set title = 'changed' where id = 1")
      })
      expect(await sourceOf(user)).toBe('memory')
      expect(await post()).toStrictEqual(await plain.select().from(t.posts).where(eq(t.posts.id, 1)))
    })

    rule(
      driver,
      'a select of a writing function invalidates the declared tables',
      dialect !== 'postgres' && 'writing functions are tested in PostgreSQL',
      async () => {
        const { db, t, raw, user, post, sourceOf, plain } = setup()
        await raw(plain, sql.raw(RENAMES))
        for (const read of [user, post]) await read()
        const writing = cached(db, { writes: [t.posts] })
        await raw(writing, 'select rename_all_posts()')
        expect(await sourceOf(user)).toBe('memory')
        expect(await post()).toStrictEqual(await plain.select().from(t.posts).where(eq(t.posts.id, 1)))
        await post()
        await writing.select({ done: sql`rename_all_posts()` }).from(t.users)
        expect(await sourceOf(post)).toBe('database invalidated')
        await db.transaction(async (tx) => {
          await cached(tx as unknown as ContractDb, { writes: [t.posts] }).transaction(async (savepoint) => {
            await raw(savepoint as unknown as ContractDb, 'select rename_all_posts()')
          })
        })
        expect(await sourceOf(post)).toBe('database invalidated')
      },
    )

    it('a db with declared writes caches its other reads', async () => {
      const { db, t, sourceOf } = setup()
      const read = () =>
        cached(db, { writes: [t.posts] })
          .select()
          .from(t.users)
      await read()
      expect(await sourceOf(read)).toBe('memory')
    })
  })
}

const RENAMES = `CREATE OR REPLACE FUNCTION rename_all_posts() RETURNS integer LANGUAGE sql AS
  $$ UPDATE blog_post SET title = 'changed'; SELECT 1 $$`
