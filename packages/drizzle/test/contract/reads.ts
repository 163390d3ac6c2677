import { cached } from '@larder/drizzle'
import { and, count, desc, eq, exists, gt, inArray, max, or, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { describe, expect, it } from 'vitest'
import type { Contract, ContractDb, Rules } from './driver.ts'
import { comments, hidden, memberships, postStats, posts, users } from './schema-pg.ts'

type Read = (db: ContractDb) => PromiseLike<unknown>

/** Reads of every form, each with a write that changes what it returns and one that does not touch its rows. */
const READS: Readonly<Record<string, Read>> = {
  'a row by its key': (db) => db.select().from(posts).where(eq(posts.id, 1)),
  'some columns': (db) =>
    db.select({ title: posts.title, seen: posts.views }).from(posts).where(eq(posts.id, 1)),
  'rows by a foreign key': (db) => db.select().from(posts).where(eq(posts.authorId, 1)),
  'all rows, ordered and limited': (db) => db.select().from(posts).orderBy(desc(posts.id)).limit(2),
  'distinct values': (db) => db.selectDistinct({ views: posts.views }).from(posts).orderBy(posts.views),
  'an aggregate': (db) => db.select({ most: max(posts.views), all: count() }).from(posts),
  groups: (db) =>
    db
      .select({ author: posts.authorId, views: sql<number>`sum(${posts.views})`.mapWith(Number) })
      .from(posts)
      .groupBy(posts.authorId)
      .orderBy(posts.authorId),
  'an inner join': (db) =>
    db.select().from(users).innerJoin(posts, eq(posts.authorId, users.id)).where(eq(users.id, 1)),
  'a left join': (db) => db.select().from(users).leftJoin(posts, eq(posts.authorId, users.id)),
  'a table joined with itself': (db) => {
    const other = alias(posts, 'other')
    return db.select().from(posts).innerJoin(other, eq(other.authorId, posts.authorId)).where(eq(posts.id, 2))
  },
  'a derived table': (db) => {
    const top = db.select().from(posts).where(gt(posts.views, 5)).as('top')
    return db.select({ title: top.title }).from(top).where(eq(top.authorId, 1))
  },
  'a subquery in WHERE': (db) =>
    db
      .select()
      .from(users)
      .where(inArray(users.id, db.select({ id: posts.authorId }).from(posts).where(gt(posts.views, 10)))),
  'a correlated subquery': (db) =>
    db
      .select()
      .from(users)
      .where(
        exists(
          db
            .select()
            .from(posts)
            .where(and(eq(posts.authorId, users.id), eq(posts.views, 10))),
        ),
      ),
  'a CTE': (db) => {
    const busy = db.$with('busy').as(db.select().from(posts).where(gt(posts.views, 5)))
    return db.with(busy).select({ views: busy.views }).from(busy)
  },
  'a union': (db) =>
    db
      .select({ text: posts.title })
      .from(posts)
      .union(db.select({ text: comments.text }).from(comments)),
  'a view': (db) => db.select().from(postStats).orderBy(postStats.authorId),
  'a count': (db) => db.$count(posts, eq(posts.views, 10)),
  'a count in a selection': (db) =>
    db.select({ id: users.id, posts: db.$count(posts, eq(posts.views, 10)) }).from(users),
  'a relational query': (db) =>
    db.query.users.findMany({
      with: { posts: { with: { comments: true } } },
      orderBy: (u, o) => o.asc(u.id),
    }),
  'the first of a relational query': (db) =>
    db.query.users.findFirst({ where: (u, o) => o.eq(u.id, 1), with: { posts: true } }),
  'a relational query to one': (db) =>
    db.query.posts.findFirst({
      where: (p, o) => o.eq(p.id, 1),
      columns: { views: true },
      with: { author: true },
    }),
  'a prepared statement': (db) => {
    const byViews = db
      .select()
      .from(posts)
      .where(eq(posts.views, sql.placeholder('views')))
      .prepare('by_views')
    return byViews.execute({ views: 10 })
  },
}

export const readRules: Rules = (the) => {
  describe('reads', () => {
    for (const [name, read] of Object.entries(READS))
      it(`${name}: the second read is a hit with the same value, and a write ends it`, async () => {
        const { db, plain, told } = the()
        const first = await read(db)
        expect(first).toStrictEqual(await read(plain))
        expect(await told(() => read(db))).toBe('memory')
        expect(await read(db)).toStrictEqual(first)
        await db.update(posts).set({ views: 99, title: 'changed' }).where(eq(posts.id, 1))
        await db.insert(posts).values({ title: 'new', authorId: 1, views: 11 })
        await db.delete(posts).where(eq(posts.id, 3))
        const now = await read(plain)
        expect(now).not.toStrictEqual(first)
        expect(await read(db)).toStrictEqual(now)
      })
    placeholders(the)
    precision(the)
    uncached(the)
  })
}

function placeholders(the: () => Contract): void {
  it('a prepared statement has an entry for each of its values', async () => {
    const { db, told } = the()
    const byId = db
      .select()
      .from(posts)
      .where(eq(posts.id, sql.placeholder('id')))
      .prepare('by_id')
    expect(await byId.execute({ id: 1 })).toHaveLength(1)
    expect(await told(() => byId.execute({ id: 2 }))).toBe('database miss')
    expect(await byId.execute({ id: 2 })).toMatchObject([{ id: 2 }])
    await db.update(posts).set({ views: 1 }).where(eq(posts.id, 2))
    expect(await told(() => byId.execute({ id: 1 }))).toBe('memory')
    expect(await byId.execute({ id: 2 })).toMatchObject([{ views: 1 }])
  })
}

function precision(the: () => Contract): void {
  const bump = (db: ContractDb) => db.update(posts).set({ views: 7 }).where(eq(posts.id, 3))
  const SURVIVES: Readonly<Record<string, Read>> = {
    'a row by its key': (db) => db.select().from(posts).where(eq(posts.id, 1)),
    'several rows by their keys': (db) =>
      db
        .select()
        .from(posts)
        .where(inArray(posts.id, [1, 2])),
    'a key among other conditions': (db) =>
      db
        .select()
        .from(posts)
        .where(and(gt(posts.views, 1), eq(posts.id, 1))),
    'rows by a composite key': (db) =>
      db
        .select()
        .from(memberships)
        .where(and(eq(memberships.userId, 1), eq(memberships.groupId, 2))),
    'an aliased table by its key': (db) => {
      const other = alias(posts, 'other')
      return db.select().from(other).where(eq(other.id, 1))
    },
  }
  for (const [name, read] of Object.entries(SURVIVES))
    it(`${name}: survives a write to another row`, async () => {
      const { db, told } = the()
      await read(db)
      await bump(db)
      expect(await told(() => read(db))).toBe('memory')
    })

  const ENDS: Readonly<Record<string, Read>> = {
    'an OR': (db) =>
      db
        .select()
        .from(posts)
        .where(or(eq(posts.id, 1), gt(posts.views, 5))),
    'raw SQL with an OR among the members of and()': (db) =>
      db
        .select()
        .from(posts)
        .where(and(sql`${posts.views} > 25 or ${posts.id} = 2`, eq(posts.id, 1))),
    'a condition on the preserved side of a left join': (db) => {
      const other = alias(posts, 'other')
      return db.select().from(posts).leftJoin(other, eq(posts.id, 1))
    },
  }
  for (const [name, read] of Object.entries(ENDS))
    it(`${name}: pins nothing, so any write ends it`, async () => {
      const { db, plain } = the()
      await read(db)
      await bump(db)
      expect(await read(db)).toStrictEqual(await read(plain))
    })
}

function uncached(the: () => Contract): void {
  const OPAQUE: Readonly<Record<string, Read>> = {
    'a volatile function': (db) => db.select({ now: sql`now()` }).from(posts),
    'a keyword that changes': (db) => db.select({ now: sql`current_timestamp` }).from(posts),
    'a function nobody knows': (db) => db.select({ key: sql`pg_backend_pid()` }).from(posts),
    'raw SQL with a query in it': (db) => db.select({ n: sql`(select count(*) from app_user)` }).from(posts),
    'a source that is raw SQL': (db) => db.select({ n: sql`1` }).from(sql`app_user`),
    'a view that does not show what it reads': (db) => db.select().from(hidden),
  }
  for (const [name, read] of Object.entries(OPAQUE))
    it(`${name} is never cached`, async () => {
      const { db, told } = the()
      await read(db)
      expect(await told(() => read(db))).toBe('database opaque')
    })

  it('a locking read issues its SQL on every call, cache warm or not', async () => {
    const { db, told, sent } = the()
    const read = () => db.select().from(posts).where(eq(posts.id, 1))
    await read()
    for (const lock of [() => read().for('update'), () => read().for('key share', { skipLocked: true })]) {
      const before = sent.length
      expect(await told(lock)).toBe('database lock')
      expect(sent.length).toBe(before + 1)
    }
  })

  it('$withCache(false) and cached(db, false) go past the cache', async () => {
    const { db, told } = the()
    const read = (from: ContractDb) => from.select().from(posts).where(eq(posts.id, 1))
    await read(db)
    expect(await told(() => read(db).$withCache(false))).toBe('database disabled')
    expect(await told(() => read(cached(db, false)))).toBe('database disabled')
    expect(await told(() => read(cached(db, { ttl: '1s' })))).toBe('memory')
  })

  it('$withCache and cached() give a tag that $cache.invalidate ends', async () => {
    const { db, told } = the()
    const read = () =>
      db
        .select()
        .from(posts)
        .where(eq(posts.id, 2))
        .$withCache({ tag: 'mine', config: { ex: 60 } })
    const other = () =>
      cached(db, { tags: ['other'] })
        .select()
        .from(users)
        .where(eq(users.id, 1))
    await read()
    await other()
    await db.$cache.invalidate({ tags: 'mine' })
    expect(await told(read)).toBe('database invalidated')
    expect(await told(other)).toBe('memory')
    await db.$cache.invalidate({ tables: [users] })
    expect(await told(other)).toBe('database invalidated')
  })
}
