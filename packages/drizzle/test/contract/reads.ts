import { cached } from '@larder/drizzle'
import {
  aliasedTable,
  and,
  count,
  desc,
  eq,
  exists,
  gt,
  inArray,
  max,
  not,
  or,
  type SQL,
  sql,
} from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import type { Contract, ContractDb, ContractSchema, Driver, RelationalReads, Rules } from './driver.ts'
import { formsFor } from './forms-for.ts'
import { rule } from './skippable-rule.ts'

type Read = (db: ContractDb, t: ContractSchema) => PromiseLike<unknown>

/** Reads of every form. */
const READS: Readonly<Record<string, Read>> = {
  'a row by its key': (db, t) => db.select().from(t.posts).where(eq(t.posts.id, 1)),
  'some columns': (db, t) =>
    db.select({ title: t.posts.title, seen: t.posts.views }).from(t.posts).where(eq(t.posts.id, 1)),
  'rows by a foreign key': (db, t) => db.select().from(t.posts).where(eq(t.posts.authorId, 1)),
  'all rows, ordered and limited': (db, t) => db.select().from(t.posts).orderBy(desc(t.posts.id)).limit(2),
  'distinct values': (db, t) =>
    db.selectDistinct({ views: t.posts.views }).from(t.posts).orderBy(t.posts.views),
  'an aggregate': (db, t) => db.select({ most: max(t.posts.views), all: count() }).from(t.posts),
  groups: (db, t) =>
    db
      .select({ author: t.posts.authorId, views: sql<number>`sum(${t.posts.views})`.mapWith(Number) })
      .from(t.posts)
      .groupBy(t.posts.authorId)
      .orderBy(t.posts.authorId),
  'an inner join': (db, t) =>
    db.select().from(t.users).innerJoin(t.posts, eq(t.posts.authorId, t.users.id)).where(eq(t.users.id, 1)),
  'a left join': (db, t) => db.select().from(t.users).leftJoin(t.posts, eq(t.posts.authorId, t.users.id)),
  'a table joined with itself': (db, t) => {
    const other = aliasedTable(t.posts, 'other')
    return db
      .select()
      .from(t.posts)
      .innerJoin(other, eq(other.authorId, t.posts.authorId))
      .where(eq(t.posts.id, 2))
  },
  'a derived table': (db, t) => {
    const top = db.select().from(t.posts).where(gt(t.posts.views, 5)).as('top')
    return db.select({ title: top.title }).from(top).where(eq(top.authorId, 1))
  },
  'a subquery in WHERE': (db, t) =>
    db
      .select()
      .from(t.users)
      .where(
        inArray(t.users.id, db.select({ id: t.posts.authorId }).from(t.posts).where(gt(t.posts.views, 10))),
      ),
  'a correlated subquery': (db, t) =>
    db
      .select()
      .from(t.users)
      .where(
        exists(
          db
            .select()
            .from(t.posts)
            .where(and(eq(t.posts.authorId, t.users.id), eq(t.posts.views, 10))),
        ),
      ),
  'a CTE': (db, t) => {
    const busy = db.$with('busy').as(db.select().from(t.posts).where(gt(t.posts.views, 5)))
    return db.with(busy).select({ views: busy.views }).from(busy)
  },
  'a union': (db, t) =>
    db
      .select({ text: t.posts.title })
      .from(t.posts)
      .union(db.select({ text: t.comments.text }).from(t.comments)),
  'a view': (db, t) => db.select().from(t.postStats).orderBy(t.postStats.authorId),
  'a count': (db, t) => db.$count(t.posts, eq(t.posts.views, 10)),
  'a count in a selection': (db, t) =>
    db.select({ id: t.users.id, posts: db.$count(t.posts, eq(t.posts.views, 10)) }).from(t.users),
  'a prepared statement': (db, t) => {
    const byViews = db
      .select()
      .from(t.posts)
      .where(eq(t.posts.views, sql.placeholder('views')))
      .prepare('by_views')
    return byViews.execute({ views: 10 })
  },
}

/** Rows, one value, columns of two tables, and a statement that is prepared once. */
const DIFFERENT = [
  'a row by its key',
  'an aggregate',
  'a left join',
  'a view',
  'a count',
  'a prepared statement',
  ...['a relational query', 'the first of a relational query', 'a relational query to one'],
]

type RelationalRead = (reads: RelationalReads) => Read
const RELATIONAL: Readonly<Record<string, RelationalRead>> = {
  'a relational query': (reads) => reads.usersWithPostsAndComments,
  'the first of a relational query': (reads) => reads.userWithPosts,
  'a relational query to one': (reads) => reads.viewsOfPostWithAuthor,
}

/** MySQL's dialect is tested on MariaDB, which has no LATERAL and no outer columns in derived tables. */
function readsOf({ dialect }: Driver): Readonly<Record<string, RelationalRead>> {
  const plain = Object.entries(READS).map(([name, read]) => [name, () => read] as const)
  const { 'a relational query to one': toOne, ...others } = RELATIONAL
  return {
    ...Object.fromEntries(plain),
    ...others,
    ...(dialect !== 'mysql' && toOne && { 'a relational query to one': toOne }),
  }
}

export const readRules: Rules = (the, driver) => {
  describe('reads', () => {
    for (const [name, readOf] of Object.entries(formsFor(driver, readsOf(driver), DIFFERENT)))
      it(`${name}: the second read is a hit with the same value, and a write invalidates it`, async () => {
        const { t, db, plain, sourceOf, relational } = the()
        const read = readOf(relational)
        const first = await read(db, t)
        expect(first).toStrictEqual(await read(plain, t))
        expect(await sourceOf(() => read(db, t))).toBe('memory')
        expect(await read(db, t)).toStrictEqual(first)
        await db.update(t.posts).set({ views: 99, title: 'changed' }).where(eq(t.posts.id, 1))
        await db.insert(t.posts).values({ title: 'new', authorId: 1, views: 11 })
        await db.delete(t.posts).where(eq(t.posts.id, 3))
        const now = await read(plain, t)
        expect(now).not.toStrictEqual(first)
        expect(await read(db, t)).toStrictEqual(now)
      })
    placeholders(the)
    precision(the, driver)
    uncached(the, driver)
    switches(the)
  })
}

function placeholders(the: () => Contract): void {
  it('a prepared statement has one entry per set of values', async () => {
    const { t, db, sourceOf } = the()
    const byId = db
      .select()
      .from(t.posts)
      .where(eq(t.posts.id, sql.placeholder('id')))
      .prepare('by_id')
    expect(await byId.execute({ id: 1 })).toHaveLength(1)
    expect(await sourceOf(() => byId.execute({ id: 2 }))).toBe('database miss')
    expect(await byId.execute({ id: 2 })).toMatchObject([{ id: 2 }])
    await db.update(t.posts).set({ views: 1 }).where(eq(t.posts.id, 2))
    expect(await sourceOf(() => byId.execute({ id: 1 }))).toBe('memory')
    expect(await byId.execute({ id: 2 })).toMatchObject([{ views: 1 }])
  })
}

function precision(the: () => Contract, driver: Driver): void {
  const { dialect } = driver
  const truth = dialect === 'postgres' ? true : 1
  const bump = (db: ContractDb, t: ContractSchema) =>
    db.update(t.posts).set({ views: 7 }).where(eq(t.posts.id, 3))
  const KEPT: Readonly<Record<string, Read>> = {
    'a row by its key': (db, t) => db.select().from(t.posts).where(eq(t.posts.id, 1)),
    'several rows by their keys': (db, t) =>
      db
        .select()
        .from(t.posts)
        .where(inArray(t.posts.id, [1, 2])),
    'a key among other conditions': (db, t) =>
      db
        .select()
        .from(t.posts)
        .where(and(gt(t.posts.views, 1), eq(t.posts.id, 1))),
    'rows by a composite key': (db, t) =>
      db
        .select()
        .from(t.memberships)
        .where(and(eq(t.memberships.userId, 1), eq(t.memberships.groupId, 2))),
    'an aliased table by its key': (db, t) => {
      const other = aliasedTable(t.posts, 'other')
      return db.select().from(other).where(eq(other.id, 1))
    },
  }
  for (const [name, read] of Object.entries(formsFor(driver, KEPT, ['several rows by their keys'])))
    it(`${name} is kept after a write to another row`, async () => {
      const { t, db, sourceOf } = the()
      await read(db, t)
      await bump(db, t)
      expect(await sourceOf(() => read(db, t))).toBe('memory')
    })

  const ENDS: Readonly<Record<string, Read>> = {
    'an OR': (db, t) =>
      db
        .select()
        .from(t.posts)
        .where(or(eq(t.posts.id, 1), gt(t.posts.views, 5))),
    'raw SQL with an OR among the members of and()': (db, t) =>
      db
        .select()
        .from(t.posts)
        .where(and(sql`${t.posts.views} > 25 or ${t.posts.id} = 2`, eq(t.posts.id, 1))),
    'a negation': (db, t) =>
      db
        .select()
        .from(t.posts)
        .where(not(and(eq(t.posts.id, 1), gt(t.posts.views, 1)) as SQL)),
    'raw SQL with the AND of a BETWEEN': (db, t) =>
      db.select().from(t.posts).where(sql`${t.posts.id} between 0 and ${t.posts.id} = ${truth}`),
    'a condition on the preserved side of a left join': (db, t) => {
      const other = aliasedTable(t.posts, 'other')
      return db.select().from(t.posts).leftJoin(other, eq(t.posts.id, 1))
    },
  }
  for (const [name, read] of Object.entries(formsFor(driver, ENDS, ['an OR'])))
    it(`${name} identifies no row, so any write to the table invalidates it`, async () => {
      const { t, db, plain } = the()
      await read(db, t)
      await bump(db, t)
      expect(await read(db, t)).toStrictEqual(await read(plain, t))
    })
}

function uncached(the: () => Contract, driver: Driver): void {
  const OPAQUE: Readonly<Record<string, Read>> = {
    'a volatile keyword': (db, t) => db.select({ now: sql`current_timestamp` }).from(t.posts),
    'a volatile function': (db, t) =>
      db.select({ any: driver.dialect === 'mysql' ? sql`rand()` : sql`abs(random()) > 0.5` }).from(t.posts),
    'a literal that stands for the current day': (db, t) => db.select({ day: sql`'today'` }).from(t.posts),
    'raw SQL with a query in it': (db, t) =>
      db.select({ n: sql`(select count(*) from app_user)` }).from(t.posts),
    'a source that is raw SQL': (db) => db.select({ n: sql`1` }).from(sql`app_user`),
    'a view with unknown sources': (db, t) => db.select().from(t.hidden),
  }
  for (const [name, read] of Object.entries(
    formsFor(driver, OPAQUE, ['a volatile keyword', 'a source that is raw SQL']),
  ))
    it(`${name} is never cached`, async () => {
      const { t, db, sourceOf } = the()
      await read(db, t)
      expect(await sourceOf(() => read(db, t))).toBe('database opaque')
    })

  rule(
    driver,
    'a locking read is sent on every call, even after it was read before',
    driver.dialect === 'sqlite' && 'SQLite has no locking clause',
    async () => {
      const { t, db, sourceOf, sentStatements } = the()
      const read = () => db.select().from(t.posts).where(eq(t.posts.id, 1))
      await read()
      for (const lock of [() => read().for('update'), () => read().for('update', { skipLocked: true })]) {
        const before = sentStatements.length
        expect(await sourceOf(lock)).toBe('database lock')
        expect(sentStatements.length).toBe(before + 1)
      }
    },
  )
}

function switches(the: () => Contract): void {
  it('$withCache(false) and cached(db, false) bypass the cache', async () => {
    const { t, db, sourceOf } = the()
    const read = (from: ContractDb) => from.select().from(t.posts).where(eq(t.posts.id, 1))
    await read(db)
    expect(await sourceOf(() => read(db).$withCache(false))).toBe('database disabled')
    expect(await sourceOf(() => read(cached(db, false)))).toBe('database disabled')
    expect(await sourceOf(() => read(cached(db, { ttl: '1s' })))).toBe('memory')
  })

  it('$cache.invalidate removes reads by tags of $withCache and cached()', async () => {
    const { t, db, sourceOf } = the()
    const read = () =>
      db
        .select()
        .from(t.posts)
        .where(eq(t.posts.id, 2))
        .$withCache({ tag: 'mine', config: { ex: 60 } })
    const other = () =>
      cached(db, { tags: ['other'] })
        .select()
        .from(t.users)
        .where(eq(t.users.id, 1))
    await read()
    await other()
    await db.$cache.invalidate({ tags: 'mine' })
    expect(await sourceOf(read)).toBe('database invalidated')
    expect(await sourceOf(other)).toBe('memory')
    await db.$cache.invalidate({ tables: [t.users] })
    expect(await sourceOf(other)).toBe('database invalidated')
  })
}
