import { cached } from '@larder/drizzle'
import { eq, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import type { ContractDb, Rules } from './driver.ts'
import { rule } from './left-out.ts'

/** SQLite's method for raw reads, which the contract's type does not show. */
interface AllDb {
  all(query: ReturnType<typeof sql>): PromiseLike<unknown>
}

const TTL = { ttl: '1h' } as const

export const declaredRules: Rules = (the, driver) => {
  const { dialect } = driver
  const ask = (db: ContractDb, query: ReturnType<typeof sql>) =>
    dialect === 'sqlite' ? (db as unknown as AllDb).all(query) : db.execute(query)
  /** Whatever form a driver's result has, its rows are in it as text. */
  const titles = (result: unknown) => JSON.stringify(result).match(/"p\d"|changed/g)

  describe('raw SQL whose caller says what it reads or writes', () => {
    const world = () => {
      const { db, t } = the()
      const reading = cached(db, { ...TTL, reads: [t.posts] })
      const read = () => ask(reading, sql`select title from blog_post where author_id = ${1} order by id`)
      const user = () => db.select().from(t.users).where(eq(t.users.id, 1))
      const post = () => db.select().from(t.posts).where(eq(t.posts.id, 1))
      return { ...the(), reading, read, user, post }
    }

    it('a read that names its tables is cached, with the same result, and ends with a write to them', async () => {
      const { db, t, read, told, plain } = world()
      const first = await read()
      expect(await told(read)).toBe('memory')
      expect(await read()).toStrictEqual(first)
      await db.update(t.users).set({ name: 'x' }).where(eq(t.users.id, 1))
      expect(await told(read)).toBe('memory')
      await db.update(t.posts).set({ title: 'changed' }).where(eq(t.posts.id, 1))
      const after = await read()
      expect(titles(after)).toContain('changed')
      const uncached = await ask(plain, sql`select title from blog_post where author_id = ${1} order by id`)
      expect(titles(after)).toStrictEqual(titles(uncached))
    })

    it('results cannot be poisoned: each reader has its own', async () => {
      const { read } = world()
      const kept = JSON.stringify(await read())
      const list = (await read()) as { rows?: object[] } & object[]
      Object.assign((list.rows ?? list)[0] ?? {}, { title: 'poisoned' })
      expect(JSON.stringify(await read())).toBe(kept)
    })

    it('a table that stands in the template counts, named or not', async () => {
      const { db, t, reading } = world()
      const read = () =>
        ask(reading, sql`select name from ${t.users} where id in (select author_id from blog_post)`)
      await read()
      await db.update(t.users).set({ name: 'changed' }).where(eq(t.users.id, 1))
      expect(JSON.stringify(await read())).toContain('changed')
    })

    it('parameters are part of the key', async () => {
      const { reading } = world()
      const of = (id: number) => ask(reading, sql`select title from blog_post where id = ${id}`)
      expect(JSON.stringify(await of(1))).not.toBe(JSON.stringify(await of(2)))
    })

    const NEVER = {
      'a word whose meaning changes': () => sql`select title, current_timestamp from blog_post`,
      ...(dialect === 'sqlite'
        ? {}
        : { 'a function nobody knows': () => sql`select title, version() from blog_post` }),
    }
    for (const [name, make] of Object.entries(NEVER))
      it(`${name} is never cached`, async () => {
        const { reading, told } = world()
        await ask(reading, make())
        expect(await told(() => ask(reading, make()))).toBe('database opaque')
      })

    rule(
      driver,
      'a read that locks is never cached',
      dialect === 'sqlite' && 'SQLite has no locking clause',
      async () => {
        const { reading, told } = world()
        const lock = () => ask(reading, sql`select title from blog_post where id = 1 for update`)
        await lock()
        expect(await told(lock)).toBe('database lock')
      },
    )

    it('in a transaction it reads the database', async () => {
      const { db, t, told, read } = world()
      await read()
      await db.transaction(async (tx) => {
        const inside = cached(tx as unknown as ContractDb, { ...TTL, reads: [t.posts] })
        expect(await told(() => ask(inside, sql`select title from blog_post`))).toBe('database transaction')
      })
    })

    it('a write that names its tables ends their reads, and no others', async () => {
      const { db, t, raw, user, post, told, plain } = world()
      for (const one of [user, post]) await one()
      const writing = cached(db, { writes: ['posts'] })
      await raw(writing, "update blog_post set title = 'changed' where id = 1")
      expect(await told(user)).toBe('memory')
      expect(await post()).toStrictEqual(await plain.select().from(t.posts).where(eq(t.posts.id, 1)))
    })

    it('in a transaction too, when it commits', async () => {
      const { db, t, raw, user, post, told, plain } = world()
      for (const one of [user, post]) await one()
      await db.transaction(async (tx) => {
        const writing = cached(tx as unknown as ContractDb, { writes: [t.posts] })
        await raw(writing, "update blog_post set title = 'changed' where id = 1")
      })
      expect(await told(user)).toBe('memory')
      expect(await post()).toStrictEqual(await plain.select().from(t.posts).where(eq(t.posts.id, 1)))
    })

    rule(
      driver,
      'a function that writes is a write where its caller says so',
      dialect !== 'postgres' && 'functions that write are made in PostgreSQL',
      async () => {
        const { db, t, raw, user, post, told, plain } = world()
        await raw(plain, sql.raw(RENAMES))
        for (const one of [user, post]) await one()
        const writing = cached(db, { writes: [t.posts] })
        await raw(writing, 'select rename_all_posts()')
        expect(await told(user)).toBe('memory')
        expect(await post()).toStrictEqual(await plain.select().from(t.posts).where(eq(t.posts.id, 1)))
        await post()
        await writing.select({ done: sql`rename_all_posts()` }).from(t.users)
        expect(await told(post)).toBe('database invalidated')
        await db.transaction(async (tx) => {
          await cached(tx as unknown as ContractDb, { writes: [t.posts] }).transaction(async (savepoint) => {
            await raw(savepoint as unknown as ContractDb, 'select rename_all_posts()')
          })
        })
        expect(await told(post)).toBe('database invalidated')
      },
    )

    it('other reads through such a db are cached as ever', async () => {
      const { db, t, told } = world()
      const read = () =>
        cached(db, { writes: [t.posts] })
          .select()
          .from(t.users)
      await read()
      expect(await told(read)).toBe('memory')
    })
  })
}

const RENAMES = `CREATE OR REPLACE FUNCTION rename_all_posts() RETURNS integer LANGUAGE sql AS
  $$ UPDATE blog_post SET title = 'changed'; SELECT 1 $$`
