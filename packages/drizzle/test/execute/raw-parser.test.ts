import { createCache } from '@larder/core'
import { cached, drizzleCache } from '@larder/drizzle'
import { sized } from '@larder/testing'
import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ContractDb, ContractSchema, Driver, DriverDatabase } from '../contract/driver.ts'
import { formsFor } from '../contract/forms-for.ts'
import { populate, reset } from '../contract/rows.ts'
import { nodePostgres, nodePostgresClient } from '../drivers/node-postgres.ts'
import { pglite } from '../drivers/pglite.ts'
import { postgresJs } from '../drivers/postgres-js.ts'

// With the optional parser `libpg-query`, which is installed here.

type Run = (db: ContractDb, t: ContractSchema) => PromiseLike<unknown>
const text =
  (raw: string): Run =>
  (db) =>
    db.execute(sql.raw(raw))

const KNOWN_TARGETS: Readonly<Record<string, Run>> = {
  'sql.raw': text(`update "blog_post" set view_count = 5 where id = 1`),
  'a plain string': (db) => db.execute('update public.blog_post set view_count = 5'),
  'a template with values': (db) => db.execute(sql`update Blog_Post set view_count = ${5} where id = ${1}`),
  'a template whose targets are not all objects': (db, t) =>
    db.execute(sql`with c as (delete from blog_comment where post_id in (select id from ${t.posts}) returning post_id)
      update ${t.posts} set view_count = 5 from c where id = c.post_id`),
  'a CTE that writes': text(`with a as (update blog_post set view_count = 5 returning id) select * from a`),
  'a table name as sql.identifier': (db) =>
    db.execute(sql`update ${sql.identifier('blog_post')} set view_count = 5`),
  'a transaction': (db) => db.transaction((tx) => tx.execute(sql.raw('update blog_post set view_count = 5'))),
  'a savepoint': (db) =>
    db.transaction((tx) =>
      tx.transaction((inner) => inner.execute(sql.raw('update blog_post set view_count = 5'))),
    ),
}

const UNKNOWN_TARGETS: Readonly<Record<string, Run>> = {
  'a DO block': text('do $$ begin update blog_post set view_count = 5; end $$'),
  'a view with unknown sources': text('update hidden_view set id = id + 100 where id = 3'),
  'a table that the schema does not have': text('update strange set view_count = 5'),
}

type Policy = 'invalidate' | 'event' | 'throw'
const POLICIES: readonly Policy[] = ['invalidate', 'event', 'throw']
/** In a short run one form takes all of them, and each of the others one. */
const policiesFor = (form: string): readonly Policy[] => {
  const at = Object.keys(KNOWN_TARGETS).indexOf(form)
  return POLICIES.filter((_, index) => sized(at === 0 || index === at % POLICIES.length, true))
}

const SECOND = [nodePostgresClient, pglite, postgresJs].map((driver) => ({
  ...driver,
  second: true as const,
}))

describe.each<Driver>([nodePostgres, ...SECOND])('raw SQL over $name', (driver) => {
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

  /** A cached db, and the sources of its reads of posts and of users. */
  async function open(unknownWrites: Policy = 'invalidate', loaded = true) {
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
    const sourceOf = async () => (await cache.explain(reads)).reads.map(({ source }) => source)
    const truth = async () => [
      await plain.select().from(t.posts).orderBy(t.posts.id),
      await plain.select().from(t.users).orderBy(t.users.id),
    ]
    return { db, unknown, reads, sourceOf, truth }
  }

  test.each(Object.entries(formsFor(driver, KNOWN_TARGETS, ['a plain string', 'a savepoint'])))(
    'raw SQL invalidates reads of the tables it writes and no others: %s',
    async (form, run) => {
      for (const unknownWrites of policiesFor(form)) {
        const { db, unknown, reads, sourceOf, truth } = await open(unknownWrites)
        await run(db, t)
        expect(await sourceOf()).toEqual(['database', 'memory'])
        expect(await reads()).toStrictEqual(await truth())
        expect(unknown).toEqual([])
      }
      expect(await plain.select().from(t.posts)).toContainEqual(expect.objectContaining({ views: 5 }))
    },
  )

  test.each(Object.entries(formsFor(driver, UNKNOWN_TARGETS, ['a DO block'])))(
    'raw SQL with unknown tables invalidates every read: %s',
    async (_name, run) => {
      const refusing = await open('throw')
      await expect(run(refusing.db, t)).rejects.toMatchObject({ code: 'LARDER_UNKNOWN_WRITE' })
      expect(await refusing.sourceOf()).toEqual(['memory', 'memory'])
      const { db, unknown, reads, sourceOf, truth } = await open()
      await run(db, t)
      expect(await sourceOf()).toEqual(['database', 'database'])
      expect(await reads()).toStrictEqual(await truth())
      expect(unknown).toHaveLength(1)
    },
  )

  test('REFRESH MATERIALIZED VIEW is a write to the view', async () => {
    const { db, sourceOf } = await open()
    const top = () => db.select().from(t.topPosts)
    await top()
    await plain.update(t.users).set({ email: 'x@x' }).where(eq(t.users.id, 1))
    await db.execute(sql.raw('refresh materialized view blog_top_post'))
    expect(await top()).toContainEqual(expect.objectContaining({ email: 'x@x' }))
    expect(await sourceOf()).toEqual(['memory', 'memory'])
  })

  test('declared tables take precedence over the parser', async () => {
    const { db, sourceOf } = await open()
    await cached(db, { writes: [t.comments] }).execute(sql.raw('update blog_post set view_count = 6'))
    expect(await sourceOf()).toEqual(['memory', 'memory'])
  })

  test('the first raw write in a transaction does not wait for the parser and counts as unknown', async () => {
    const { db, unknown, sourceOf } = await open('invalidate', false)
    const write = () => db.transaction((tx) => tx.execute(sql.raw('update blog_post set view_count = 5')))
    await write()
    expect(await sourceOf()).toEqual(['database', 'database'])
    expect(unknown).toHaveLength(1)
    await db.execute(sql.raw('update blog_post set view_count = 6'))
    await sourceOf()
    await write()
    expect(await sourceOf()).toEqual(['database', 'memory'])
    expect(unknown).toHaveLength(1)
  })

  test("with unknownWrites: 'throw' the first raw write of a transaction waits for the parser, in order", async () => {
    const { db, sourceOf } = await open('throw', false)
    await db.transaction(async (tx) => {
      await Promise.all([
        tx.execute(sql.raw('update blog_post set view_count = 8 where id = 1')),
        tx.update(t.posts).set({ views: 9 }).where(eq(t.posts.id, 1)),
      ])
    })
    expect(await sourceOf()).toEqual(['database', 'memory'])
    expect(await plain.select().from(t.posts).where(eq(t.posts.id, 1))).toMatchObject([{ views: 9 }])
  })

  test('a raw write in a rolled back transaction invalidates nothing', async () => {
    const { db, sourceOf } = await open()
    const undone = db.transaction(async (tx) => {
      await tx.execute(sql.raw('update blog_post set view_count = 7'))
      throw new Error('undo')
    })
    await expect(undone).rejects.toThrow('undo')
    expect(await sourceOf()).toEqual(['memory', 'memory'])
  })
})
