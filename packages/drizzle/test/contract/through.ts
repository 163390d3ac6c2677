import { createCache } from '@larder/core'
import { cached, drizzleCache } from '@larder/drizzle'
import { and, eq, inArray, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import type { Contract, ContractDb, Driver, Rules } from './driver.ts'
import { BY_DIALECT } from './values.ts'
import { writesOf } from './write-forms.ts'
import { readsOf } from './writes.ts'

/** A db whose tables are written through, on a cache of its own. */
export function throughWorld(contract: Contract, extra: Partial<Record<string, object>> = {}) {
  const { plain, t } = contract
  const cache = createCache()
  const policy = { ttl: '1h', write: 'through' } as const
  const tables = { '*': policy, ...extra } as never
  const db: ContractDb = drizzleCache(plain, { cache, schema: t, tables })
  const told = async (fn: () => PromiseLike<unknown>): Promise<string> => {
    const { reads } = await cache.explain(async () => await fn())
    return reads.map(({ source, reason }) => (reason ? `${source} ${reason}` : source)).join(', ')
  }
  const post = (id: number) => () => db.select().from(t.posts).where(eq(t.posts.id, id))
  const user = (email: string) => () => db.select().from(t.users).where(eq(t.users.email, email))
  return { ...contract, db, cache, told, post, user }
}
type World = ReturnType<typeof throughWorld>

/** One write, and the plain reads that answer with what it stored. */
type Stored = readonly [write: (world: World) => PromiseLike<unknown>, reads: (world: World) => Reads]
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
  'an update that names all columns, in another order': [
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
  'an insert of several rows, by all unique keys they give': [
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
  'an insert that does nothing on conflict, where there was none': [
    ({ db, t }) =>
      db.insert(t.posts).values({ id: 73, title: 'new', authorId: 1 }).onConflictDoNothing().returning(),
    ({ post }) => [post(73)],
  ],
}

type Write = (world: World) => PromiseLike<unknown>
const UNNAMED = 'does not name the row'
/** Writes after which the read of post 1 loads. */
const NOT_STORED: Readonly<Record<string, Write>> = {
  'returns nothing': ({ db, t }) => db.update(t.posts).set({ title: 'new' }).where(eq(t.posts.id, 1)),
  'returns not all columns': ({ db, t }) =>
    db.update(t.posts).set({ title: 'new' }).where(eq(t.posts.id, 1)).returning({ id: t.posts.id }),
  'returns an expression besides': ({ db, t }) => {
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
  'is past the cache': ({ db, t }) =>
    cached(db, false).update(t.posts).set({ title: 'new' }).where(eq(t.posts.id, 1)).returning(),
}

export const throughRules: Rules = (the, driver) => {
  const returns = driver.dialect !== 'mysql'
  describe("write: 'through'", () => {
    for (const [name, [write, reads]] of returns ? Object.entries(STORED) : [])
      it(`${name}: the next plain read of the row is a hit, as it would be from the database`, async () => {
        const world = throughWorld(the())
        const all = reads(world)
        for (const read of all) await read()
        await write(world)
        for (const read of all) {
          expect(await world.told(read)).toBe('memory')
          expect(await read()).toStrictEqual(await uncached(world, read))
        }
      })

    for (const [name, write] of returns ? Object.entries(NOT_STORED) : []) {
      // With nothing between the write and what it stores, it needs to be told of no row beforehand.
      if (name === UNNAMED && driver.name === 'better-sqlite3') continue
      it(`a write that ${name} ends the read of the row, and stores nothing`, async () => {
        const world = throughWorld(the())
        await world.post(1)()
        await write(world)
        expect(await world.told(world.post(1))).toMatch(/^database/)
        expect(await world.post(1)()).toStrictEqual(await uncached(world, world.post(1)))
      })
    }

    for (const [name, write] of Object.entries(writesOf(driver.dialect)))
      it(`${name} leaves no cached read as it was`, async () => {
        const world = throughWorld(the())
        const { t, db, plain, relational } = world
        const reads = readsOf(driver, relational)
        for (const read of reads) await read(db, t)
        await write(world)
        for (const read of reads) {
          expect(await read(db, t)).toStrictEqual(await read(plain, t))
          expect(await read(db, t)).toStrictEqual(await read(plain, t))
        }
      })

    spellings(the, driver)
    limits(the, driver)
  })
}

/** What the database says of it now. */
function uncached({ plain, db, t }: World, read: () => PromiseLike<unknown>): PromiseLike<unknown> {
  const query = read() as unknown as { toSQL(): unknown; config: { where: never; table: unknown } }
  const { where, table } = query.config
  const from = [t.posts, t.users].find((one) => one === table) ?? t.posts
  expect(db).not.toBe(plain)
  return plain.select().from(from).where(where)
}

function spellings(the: () => Contract, driver: Driver): void {
  if (driver.dialect === 'mysql') return
  it('all ways to write the read share one entry', async () => {
    const world = throughWorld(the())
    const { db, t, post, told, relational, sent } = world
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
    const before = sent.length
    for (const [at, way] of ways.slice(1).entries()) {
      expect(await told(way)).toBe('memory')
      expect(await way()).toStrictEqual(at === 3 ? answers[1] : answers[0])
    }
    // What answers at once prepares its statements before it asks.
    if (driver.name !== 'better-sqlite3') expect(sent.length).toBe(before)
    expect(await told(() => row().limit(0))).toMatch(/^database/)
    expect(await row().limit(0)).toStrictEqual([])
    expect(await row().limit(1).offset(1)).toStrictEqual([])
  })

  it('other reads of the row have entries of their own', async () => {
    const { db, t, told } = throughWorld(the())
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
    for (const other of others) expect(await told(other)).toBe('database miss')
  })
}

function limits(the: () => Contract, driver: Driver): void {
  const update = ({ db, t }: World, on: ContractDb = db) =>
    on.update(t.posts).set({ title: 'new' }).where(eq(t.posts.id, 1))
  if (driver.dialect === 'mysql') {
    it('without RETURNING a write invalidates', async () => {
      const world = throughWorld(the())
      await world.post(1)()
      await update(world)
      expect(await world.told(world.post(1))).toBe('database invalidated')
      expect(await world.post(1)()).toMatchObject([{ title: 'new' }])
    })
    return
  }

  it('every type is as the database would give it', async () => {
    const { db, plain, t, told } = throughWorld(the())
    const row = { ...BY_DIALECT[driver.dialect], id: 5 } as never
    const read = (from: ContractDb) => from.select().from(t.everything).where(eq(t.everything.id, 5))
    await db.insert(t.everything).values(row).returning()
    expect(await told(() => read(db))).toBe('memory')
    expect(await read(db)).toStrictEqual(await read(plain))
    await db.update(t.everything).set({ flag: false, money: null }).where(eq(t.everything.id, 5)).returning()
    expect(await told(() => read(db))).toBe('memory')
    expect(await read(db)).toStrictEqual(await read(plain))
  })

  it('a row whose key the database made is stored once it is known', async () => {
    const { db, t, told, post } = throughWorld(the())
    const [made] = await db.insert(t.posts).values({ title: 'made', authorId: 1 }).returning()
    const read = post(made?.id ?? 0)
    // With nothing between the write and what it stores it is known in time.
    expect(await told(read)).toBe(driver.name === 'better-sqlite3' ? 'memory' : 'database miss')
    expect(await read()).toMatchObject([{ title: 'made' }])
  })

  it('nothing is stored of a table with triggers, or where `operations` leaves the read out', async () => {
    const policy = { ttl: '1h', write: 'through' } as const
    for (const more of [{ touches: ['comments'] }, { operations: ['$count'] }]) {
      const world = throughWorld(the(), { posts: { ...policy, ...more } })
      await update(world).returning()
      const asking = cached(world.db, { ttl: '1h', operations: ['select'] })
      const read = () => asking.select().from(world.t.posts).where(eq(world.t.posts.id, 1))
      expect(await world.told(read)).toMatch(/^database/)
    }
  })

  it('a write of one scope is stored for that scope', async () => {
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
    const own = await cache.explain(async () => await read())
    expect([other, own].map(({ reads }) => reads[0]?.source)).toStrictEqual(['database', 'memory'])
  })

  it('user tags end what was stored', async () => {
    const tagged = { ttl: '1h', write: 'through', tags: ['front'] } as const
    const world = throughWorld(the(), { posts: tagged })
    await update(world).returning()
    expect(await world.told(world.post(1))).toBe('memory')
    await world.cache.invalidate({ tags: ['front'] })
    expect(await world.told(world.post(1))).toBe('database invalidated')
  })

  it('a composite key is told in any order', async () => {
    const { db, t, told, plain } = throughWorld(the())
    const [user, group] = [eq(t.memberships.userId, 1), eq(t.memberships.groupId, 2)]
    await db.update(t.memberships).set({ level: 7 }).where(and(user, group)).returning()
    for (const where of [and(user, group), and(group, user)]) {
      const read = (from: ContractDb) => from.select().from(t.memberships).where(where)
      expect(await told(() => read(db))).toBe('memory')
      expect(await read(db)).toStrictEqual(await read(plain))
    }
  })
}
