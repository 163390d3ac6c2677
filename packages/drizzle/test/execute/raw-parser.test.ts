import { createCache } from '@larder/core'
import { cached, drizzleCache } from '@larder/drizzle'
import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ContractDb, ContractSchema, Driver, DriverDatabase } from '../contract/driver.ts'
import { populate, reset } from '../contract/rows.ts'
import { nodePostgres, nodePostgresClient } from '../drivers/node-postgres.ts'
import { pglite } from '../drivers/pglite.ts'
import { postgresJs } from '../drivers/postgres-js.ts'

// With the parser `libpg-query` installed, as it is here.

type Run = (db: ContractDb, t: ContractSchema) => PromiseLike<unknown>
const text =
  (raw: string): Run =>
  (db) =>
    db.execute(sql.raw(raw))

const TOLD: Readonly<Record<string, Run>> = {
  'sql.raw': text(`update "blog_post" set view_count = 5 where id = 1`),
  'a plain string': (db) => db.execute('update public.blog_post set view_count = 5'),
  'a template with values': (db) => db.execute(sql`update Blog_Post set view_count = ${5} where id = ${1}`),
  'a template whose targets are not all objects': (db, t) =>
    db.execute(sql`with c as (delete from blog_comment where post_id in (select id from ${t.posts}) returning post_id)
      update ${t.posts} set view_count = 5 from c where id = c.post_id`),
  'a CTE that writes': text(`with a as (update blog_post set view_count = 5 returning id) select * from a`),
  'a name as a piece': (db) => db.execute(sql`update ${sql.identifier('blog_post')} set view_count = 5`),
  'a transaction': (db) => db.transaction((tx) => tx.execute(sql.raw('update blog_post set view_count = 5'))),
  'a savepoint': (db) =>
    db.transaction((tx) =>
      tx.transaction((inner) => inner.execute(sql.raw('update blog_post set view_count = 5'))),
    ),
}

const UNTOLD: Readonly<Record<string, Run>> = {
  'a DO block': text('do $$ begin update blog_post set view_count = 5; end $$'),
  'a view that does not show what it reads': text('update hidden_view set id = id + 100 where id = 3'),
  'a table that the schema does not have': text('update strange set view_count = 5'),
}

describe.each<Driver>([nodePostgres, nodePostgresClient, pglite, postgresJs])(
  'raw SQL over $name',
  (driver) => {
    const t = driver.schema
    let database: DriverDatabase
    let plain: ContractDb
    let base: ContractDb
    beforeAll(async () => {
      database = await driver.start()
      plain = await database.db()
      base = await database.db()
      await plain.execute('create view strange as select * from blog_post')
    })
    afterAll(() => database.stop())
    beforeEach(async () => {
      await reset(plain, t)
      await populate(plain, t)
    })

    /** A cached db, and whether reads of posts and of users still come from its cache. */
    async function open(unknownWrites: 'invalidate' | 'event' | 'throw' = 'invalidate', loaded = true) {
      const cache = createCache({ unknownWrites })
      const db = drizzleCache(base, { cache, tables: { '*': { ttl: '1h' } } })
      // The first raw write outside transactions waits for the parser.
      if (loaded) await db.execute(sql.raw('update blog_post set view_count = view_count where false'))
      const unknown: string[] = []
      cache.on('unknown-write', ({ operation }) => unknown.push(operation))
      const reads = async () => [
        await db.select().from(t.posts).orderBy(t.posts.id),
        await db.select().from(t.users).orderBy(t.users.id),
      ]
      await reads()
      const told = async () => (await cache.explain(reads)).reads.map(({ source }) => source)
      const truth = async () => [
        await plain.select().from(t.posts).orderBy(t.posts.id),
        await plain.select().from(t.users).orderBy(t.users.id),
      ]
      return { db, unknown, reads, told, truth }
    }

    test.each(Object.entries(TOLD))(
      'ends reads of the tables it writes, and no others: %s',
      async (_name, run) => {
        for (const unknownWrites of ['invalidate', 'event', 'throw'] as const) {
          const { db, unknown, reads, told, truth } = await open(unknownWrites)
          await run(db, t)
          expect(await told()).toEqual(['database', 'memory'])
          expect(await reads()).toStrictEqual(await truth())
          expect(unknown).toEqual([])
        }
        expect(await plain.select().from(t.posts)).toContainEqual(expect.objectContaining({ views: 5 }))
      },
    )

    test.each(Object.entries(UNTOLD))('ends every read where that cannot be told: %s', async (_name, run) => {
      const refusing = await open('throw')
      await expect(run(refusing.db, t)).rejects.toMatchObject({ code: 'LARDER_UNKNOWN_WRITE' })
      expect(await refusing.told()).toEqual(['memory', 'memory'])
      const { db, unknown, reads, told, truth } = await open()
      await run(db, t)
      expect(await told()).toEqual(['database', 'database'])
      expect(await reads()).toStrictEqual(await truth())
      expect(unknown).toHaveLength(1)
    })

    test('a refresh of a materialised view is a write of that', async () => {
      const { db, told } = await open()
      const top = () => db.select().from(t.topPosts)
      await top()
      await plain.update(t.users).set({ email: 'x@x' }).where(eq(t.users.id, 1))
      await db.execute(sql.raw('refresh materialized view blog_top_post'))
      expect(await top()).toContainEqual(expect.objectContaining({ email: 'x@x' }))
      expect(await told()).toEqual(['memory', 'memory'])
    })

    test('what its caller says comes first', async () => {
      const { db, told } = await open()
      await cached(db, { writes: [t.comments] }).execute(sql.raw('update blog_post set view_count = 6'))
      expect(await told()).toEqual(['memory', 'memory'])
    })

    test('a raw write in a transaction does not wait for the parser: the first one counts as unknown', async () => {
      const { db, unknown, told } = await open('invalidate', false)
      const write = () => db.transaction((tx) => tx.execute(sql.raw('update blog_post set view_count = 5')))
      await write()
      expect(await told()).toEqual(['database', 'database'])
      expect(unknown).toHaveLength(1)
      await db.execute(sql.raw('update blog_post set view_count = 6'))
      await told()
      await write()
      expect(await told()).toEqual(['database', 'memory'])
      expect(unknown).toHaveLength(1)
    })

    test("under 'throw' the first raw write of a transaction waits for the parser, in its order", async () => {
      const { db, told } = await open('throw', false)
      await db.transaction(async (tx) => {
        await Promise.all([
          tx.execute(sql.raw('update blog_post set view_count = 8 where id = 1')),
          tx.update(t.posts).set({ views: 9 }).where(eq(t.posts.id, 1)),
        ])
      })
      expect(await told()).toEqual(['database', 'memory'])
      expect(await plain.select().from(t.posts).where(eq(t.posts.id, 1))).toMatchObject([{ views: 9 }])
    })

    test('a transaction that rolls back ends nothing', async () => {
      const { db, told } = await open()
      const undone = db.transaction(async (tx) => {
        await tx.execute(sql.raw('update blog_post set view_count = 7'))
        throw new Error('undo')
      })
      await expect(undone).rejects.toThrow('undo')
      expect(await told()).toEqual(['memory', 'memory'])
    })
  },
)
