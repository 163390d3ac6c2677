import { createCache } from '@larder/core'
import { cached, drizzleCache } from '@larder/drizzle'
import { and, eq, inArray, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import type { Contract, ContractDb, Driver, Rules } from './driver.ts'
import { formsFor } from './forms-for.ts'
import { BY_DIALECT } from './values.ts'
import { DIFFERENT_WRITES, writesOf } from './write-forms.ts'
import { readsOf } from './writes.ts'

/** A db with write-through tables and a cache of its own. */
export function openWriteThrough(contract: Contract, extra: Partial<Record<string, object>> = {}) {
  const { plain, t } = contract
  const cache = createCache()
  const policy = { ttl: '1h', write: 'through' } as const
  const tables = { '*': policy, ...extra } as never
  const db: ContractDb = drizzleCache(plain, { cache, schema: t, tables })
  const sourceOf = async (fn: () => PromiseLike<unknown>): Promise<string> => {
    const { reads } = await cache.explain(async () => await fn())
    return reads.map(({ source, reason }) => (reason ? `${source} ${reason}` : source)).join(', ')
  }
  const post = (id: number) => () => db.select().from(t.posts).where(eq(t.posts.id, id))
  const user = (email: string) => () => db.select().from(t.users).where(eq(t.users.email, email))
  return { ...contract, db, cache, sourceOf, post, user }
}
type Fixture = ReturnType<typeof openWriteThrough>

/** One write, and the plain reads that return the rows it stored. */
type Stored = readonly [write: (fixture: Fixture) => PromiseLike<unknown>, reads: (fixture: Fixture) => Reads]
type Reads = readonly (() => PromiseLike<unknown>)[]

const STORED: Readonly<Record<string, Stored>> = {
  'an update by the primary key': [
    ({ db, t }) => db.update(t.posts).set({ title: 'new' }).where(eq(t.posts.id, 1)).returning(),
    ({ post }) => [post(1)],
  ],
  'an update by an expression': [
    ({ db, t }) =>
      db
        .update(t.posts)
        .set({ views: sql`${t.posts.views} + 1` })
        .where(eq(t.posts.id, 1))
        .returning(),
    ({ post }) => [post(1)],
  ],
  'an update by a unique key': [
    ({ db, t }) => db.update(t.users).set({ name: 'new' }).where(eq(t.users.email, 'u1@x')).returning(),
    ({ user }) => [user('u1@x')],
  ],
  'an update that returns all columns in another order': [
    ({ db, t }) => {
      const { id, title, views, authorId } = t.posts
      const returned = db.update(t.posts).set({ title: 'new' }).where(eq(id, 1))
      return returned.returning({ again: title, authorId, views, title, id })
    },
    ({ post }) => [post(1)],
  ],
  'an update of several rows': [
    ({ db, t }) =>
      db
        .update(t.posts)
        .set({ title: 'new' })
        .where(inArray(t.posts.id, [1, 2]))
        .returning(),
    ({ post }) => [post(1), post(2)],
  ],
  'an insert with its key': [
    ({ db, t }) => db.insert(t.posts).values({ id: 70, title: 'new', authorId: 2 }).returning(),
    ({ post }) => [post(70)],
  ],
  'an insert of several rows, by all their unique keys': [
    ({ db, t }) =>
      db
        .insert(t.users)
        .values([
          { id: 70, email: 'a@x' },
          { id: 71, email: 'b@x' },
        ])
        .returning(),
    ({ db, t, user }) => [
      user('a@x'),
      user('b@x'),
      () => db.select().from(t.users).where(eq(t.users.id, 71)),
    ],
  ],
  'an upsert that updates': [
    ({ db, t }) =>
      db
        .insert(t.users)
        .values({ email: 'u1@x', name: 'again' })
        .onConflictDoUpdate({ target: t.users.email, set: { name: 'again' } })
        .returning(),
    ({ user }) => [user('u1@x')],
  ],
  'an upsert that inserts': [
    ({ db, t }) =>
      db
        .insert(t.posts)
        .values({ id: 72, title: 'new', authorId: 1 })
        .onConflictDoUpdate({ target: t.posts.id, set: { title: 'new' } })
        .returning(),
    ({ post }) => [post(72)],
  ],
  'an insert with ON CONFLICT DO NOTHING, without a conflict': [
    ({ db, t }) =>
      db.insert(t.posts).values({ id: 73, title: 'new', authorId: 1 }).onConflictDoNothing().returning(),
    ({ post }) => [post(73)],
  ],
}

type Write = (fixture: Fixture) => PromiseLike<unknown>
const UNNAMED = 'does not name the row'
/** Writes after which the read of post 1 goes to the database. */
const NOT_STORED: Readonly<Record<string, Write>> = {
  'returns nothing': ({ db, t }) => db.update(t.posts).set({ title: 'new' }).where(eq(t.posts.id, 1)),
  'does not return all columns': ({ db, t }) =>
    db.update(t.posts).set({ title: 'new' }).where(eq(t.posts.id, 1)).returning({ id: t.posts.id }),
  'also returns an expression': ({ db, t }) => {
    const { id, title, views, authorId } = t.posts
    const doubled = sql<number>`${views} * 2`
    return db
      .update(t.posts)
      .set({ title: 'new' })
      .where(eq(id, 1))
      .returning({ id, title, views, authorId, doubled })
  },
  [UNNAMED]: ({ db, t }) =>
    db.update(t.posts).set({ title: 'new' }).where(eq(t.posts.title, 'p1')).returning(),
  deletes: ({ db, t }) => db.delete(t.posts).where(eq(t.posts.id, 1)).returning(),
  'may write a row twice': ({ db, t }) =>
    db
      .insert(t.posts)
      .values([
        { id: 1, title: 'a', authorId: 1 },
        { id: 2, title: 'b', authorId: 1 },
      ])
      .onConflictDoUpdate({ target: t.posts.id, set: { title: 'new' } })
      .returning(),
  'bypasses the cache': ({ db, t }) =>
    cached(db, false).update(t.posts).set({ title: 'new' }).where(eq(t.posts.id, 1)).returning(),
}

/** Writes that return rows, and some that do not. Whether those are seen at all is the subject of `writeRules`. */
const RETURNING = [
  ...DIFFERENT_WRITES,
  'an update by an expression',
  'a delete with returning',
  'an upsert that updates',
  'an upsert of several rows',
  'an update from another table that returns the columns of both',
]

export const writeThroughRules: Rules = (the, driver) => {
  const returns = driver.dialect !== 'mysql'
  describe("write: 'through'", () => {
    for (const [name, [write, reads]] of returns ? Object.entries(STORED) : [])
      it(`${name}: the next plain read of the row is a hit with the database's value`, async () => {
        const fixture = openWriteThrough(the())
        const all = reads(fixture)
        for (const read of all) await read()
        await write(fixture)
        for (const read of all) {
          expect(await fixture.sourceOf(read)).toBe('memory')
          expect(await read()).toStrictEqual(await uncached(fixture, read))
        }
      })

    for (const [name, write] of returns ? Object.entries(NOT_STORED) : []) {
      // A synchronous write needs no earlier read of the row, because nothing runs between it and storing.
      if (name === UNNAMED && driver.synchronous === true) continue
      it(`a write that ${name} invalidates the read of the row and stores nothing`, async () => {
        const fixture = openWriteThrough(the())
        await fixture.post(1)()
        await write(fixture)
        expect(await fixture.sourceOf(fixture.post(1))).toMatch(/^database/)
        expect(await fixture.post(1)()).toStrictEqual(await uncached(fixture, fixture.post(1)))
      })
    }

    for (const [name, write] of Object.entries(
      formsFor({ second: true }, writesOf(driver.dialect), RETURNING),
    ))
      it(`${name} leaves no stale read`, async () => {
        const fixture = openWriteThrough(the())
        const { t, db, plain, relational } = fixture
        const reads = readsOf(driver, relational)
        for (const read of reads) await read(db, t)
        await write(fixture)
        for (const read of reads) {
          const now = await read(plain, t)
          expect(await read(db, t)).toStrictEqual(now)
          expect(await read(db, t)).toStrictEqual(now)
        }
      })

    spellings(the, driver)
    limits(the, driver)
  })
}

/** The current value in the database. */
function uncached({ plain, db, t }: Fixture, read: () => PromiseLike<unknown>): PromiseLike<unknown> {
  const query = read() as unknown as { toSQL(): unknown; config: { where: never; table: unknown } }
  const { where, table } = query.config
  const from = [t.posts, t.users].find((candidate) => candidate === table) ?? t.posts
  expect(db).not.toBe(plain)
  return plain.select().from(from).where(where)
}

function spellings(the: () => Contract, driver: Driver): void {
  if (driver.dialect === 'mysql') return
  it('all spellings of a plain read share one entry', async () => {
    const fixture = openWriteThrough(the())
    const { db, t, post, sourceOf, relational, sentStatements } = fixture
    const row = () => db.select().from(t.posts).where(eq(t.posts.id, 1))
    const ways = [
      post(1),
      () => row().limit(1),
      () => row().limit(3),
      () => {
        const where = eq(t.posts.id, sql.placeholder('id'))
        return db.select().from(t.posts).where(where).prepare('by_id').execute({ id: 1 })
      },
      () => relational.postById(db, t),
    ]
    const answers = [[...(await post(1)())], (await post(1)())[0]]
    const before = sentStatements.length
    for (const [at, way] of ways.slice(1).entries()) {
      expect(await sourceOf(way)).toBe('memory')
      expect(await way()).toStrictEqual(at === 3 ? answers[1] : answers[0])
    }
    // A synchronous driver prepares its statements before the engine is asked.
    if (!driver.synchronous) expect(sentStatements.length).toBe(before)
    expect(await sourceOf(() => row().limit(0))).toMatch(/^database/)
    expect(await row().limit(0)).toStrictEqual([])
    expect(await row().limit(1).offset(1)).toStrictEqual([])
  })

  it('other reads of the row have separate entries', async () => {
    const { db, t, sourceOf } = openWriteThrough(the())
    const by = eq(t.posts.id, 1)
    await db.select().from(t.posts).where(by)
    const others = [
      () => db.select({ id: t.posts.id }).from(t.posts).where(by),
      () => db.select().from(t.posts).where(sql`${by} and 1 = 1`),
      () => db.select().from(t.posts).where(by).orderBy(t.posts.id),
      () =>
        db
          .select()
          .from(t.posts)
          .where(inArray(t.posts.id, [1])),
    ]
    for (const other of others) expect(await sourceOf(other)).toBe('database miss')
  })
}

function limits(the: () => Contract, driver: Driver): void {
  const update = ({ db, t }: Fixture, on: ContractDb = db) =>
    on.update(t.posts).set({ title: 'new' }).where(eq(t.posts.id, 1))
  if (driver.dialect === 'mysql') {
    it('a write without RETURNING invalidates', async () => {
      const fixture = openWriteThrough(the())
      await fixture.post(1)()
      await update(fixture)
      expect(await fixture.sourceOf(fixture.post(1))).toBe('database invalidated')
      expect(await fixture.post(1)()).toMatchObject([{ title: 'new' }])
    })
    return
  }

  it('a stored row has the types that the database returns', async () => {
    const { db, plain, t, sourceOf } = openWriteThrough(the())
    const row = { ...BY_DIALECT[driver.dialect], id: 5 } as never
    const read = (from: ContractDb) => from.select().from(t.everything).where(eq(t.everything.id, 5))
    await db.insert(t.everything).values(row).returning()
    expect(await sourceOf(() => read(db))).toBe('memory')
    expect(await read(db)).toStrictEqual(await read(plain))
    await db.update(t.everything).set({ flag: false, money: null }).where(eq(t.everything.id, 5)).returning()
    expect(await sourceOf(() => read(db))).toBe('memory')
    expect(await read(db)).toStrictEqual(await read(plain))
  })

  it('a row with a generated key is stored once the key is returned', async () => {
    const { db, t, sourceOf, post } = openWriteThrough(the())
    const [inserted] = await db.insert(t.posts).values({ title: 'made', authorId: 1 }).returning()
    const read = post(inserted?.id ?? 0)
    // On a synchronous driver nothing runs between the write and storing, so the key is known in time.
    expect(await sourceOf(read)).toBe(driver.synchronous === true ? 'memory' : 'database miss')
    expect(await read()).toMatchObject([{ title: 'made' }])
  })

  it('no row of a table with triggers is stored, and none if `operations` excludes the read', async () => {
    const policy = { ttl: '1h', write: 'through' } as const
    for (const more of [{ touches: ['comments'] }, { operations: ['$count'] }]) {
      const fixture = openWriteThrough(the(), { posts: { ...policy, ...more } })
      await update(fixture).returning()
      const asking = cached(fixture.db, { ttl: '1h', operations: ['select'] })
      const read = () => asking.select().from(fixture.t.posts).where(eq(fixture.t.posts.id, 1))
      expect(await fixture.sourceOf(read)).toMatch(/^database/)
    }
  })

  it('a row written in one scope is stored for that scope only', async () => {
    const { plain, t } = the()
    let tenant = 'a'
    const cache = createCache({ scope: () => tenant })
    const tables = { posts: { ttl: '1h', write: 'through' } } as never
    const db = drizzleCache(plain, { cache, schema: t, tables })
    const read = () => db.select().from(t.posts).where(eq(t.posts.id, 1))
    await db.update(t.posts).set({ title: 'of a' }).where(eq(t.posts.id, 1)).returning()
    tenant = 'b'
    const other = await cache.explain(async () => await read())
    tenant = 'a'
    const explained = await cache.explain(async () => await read())
    expect([other, explained].map(({ reads }) => reads[0]?.source)).toStrictEqual(['database', 'memory'])
  })

  it('a user tag invalidates stored rows', async () => {
    const tagged = { ttl: '1h', write: 'through', tags: ['front'] } as const
    const fixture = openWriteThrough(the(), { posts: tagged })
    await update(fixture).returning()
    expect(await fixture.sourceOf(fixture.post(1))).toBe('memory')
    await fixture.cache.invalidate({ tags: ['front'] })
    expect(await fixture.sourceOf(fixture.post(1))).toBe('database invalidated')
  })

  it('a composite key is recognised in any order', async () => {
    const { db, t, sourceOf, plain } = openWriteThrough(the())
    const [user, group] = [eq(t.memberships.userId, 1), eq(t.memberships.groupId, 2)]
    await db.update(t.memberships).set({ level: 7 }).where(and(user, group)).returning()
    for (const where of [and(user, group), and(group, user)]) {
      const read = (from: ContractDb) => from.select().from(t.memberships).where(where)
      expect(await sourceOf(() => read(db))).toBe('memory')
      expect(await read(db)).toStrictEqual(await read(plain))
    }
  })
}
