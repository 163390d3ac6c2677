import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { aliasedTable, and, eq, exists, gt, inArray, lt, or, sql } from 'drizzle-orm'
import { alias, unionAll } from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ContractDb, DriverDatabase } from '../contract/driver.ts'
import { populate, reset } from '../contract/rows.ts'
import * as t from '../contract/schema-pg.ts'
import { pglite } from '../drivers/pglite.ts'

const cache = createCache()
let database: DriverDatabase
let db: ContractDb

beforeAll(async () => {
  database = await pglite.start()
  const plain = await database.db()
  await reset(plain, t)
  await populate(plain, t)
  db = drizzleCache(plain, { cache, tables: { '*': { ttl: '1h' } } })
})
afterAll(async () => {
  await cache.close()
  await database.stop()
})
beforeEach(async () => await cache.invalidate({ all: true }))

/** The tags of the read, per table: `blog_post list id=1`. */
async function tagsOf(read: () => PromiseLike<unknown>): Promise<readonly string[]> {
  const { reads } = await cache.explain(async () => await read())
  const byTable = new Map<string, string[]>()
  for (const tag of reads.flatMap(({ tags }) => tags)) {
    // `larder:{…:blog_post}/list`, `…/p1(id:integer)`, `…}:p1(id:integer)=1`
    const [, table = '', rest = ''] = /:(\w+)\}(.*)$/.exec(tag) ?? []
    const said = byTable.get(table) ?? []
    byTable.set(table, said)
    const [, columns = '', value] = /\((.*)\)(?:=(.*))?$/.exec(rest) ?? []
    if (rest === '/list') said.push('list')
    else if (value !== undefined) said.push(`${columns.replace(/:\w+/g, '')}=${value}`)
  }
  return [...byTable].map(([table, said]) => [table, ...said].join(' ')).sort()
}

const { posts, users, comments, memberships } = t
const READS: Readonly<Record<string, readonly [() => PromiseLike<unknown>, readonly string[]]>> = {
  'an AND of equalities': [
    () =>
      db
        .select()
        .from(posts)
        .where(and(eq(posts.id, 1), gt(posts.views, 0))),
    ['blog_post list id=1'],
  ],
  'several values': [
    () =>
      db
        .select()
        .from(posts)
        .where(inArray(posts.id, [1, 2])),
    ['blog_post list id=1 id=2'],
  ],
  'a key of two columns': [
    () =>
      db
        .select()
        .from(memberships)
        .where(and(eq(memberships.userId, 1), inArray(memberships.groupId, [1, 2]))),
    ['app_membership list group_id,user_id=1.1,1.1 group_id,user_id=1.2,1.1'],
  ],
  'an OR pins nothing': [
    () =>
      db
        .select()
        .from(posts)
        .where(or(eq(posts.id, 1), eq(posts.id, 2))),
    ['blog_post list'],
  ],
  'raw SQL next to an equality, which could contain an OR': [
    () =>
      db
        .select()
        .from(posts)
        .where(and(eq(posts.id, 1), sql`true or true`)),
    ['blog_post list'],
  ],
  'a column that is not a key': [
    () => db.select().from(posts).where(eq(posts.title, 'p1')),
    ['blog_post list'],
  ],
  'WHERE inside a derived table': [
    () => {
      const mine = db.select().from(posts).where(eq(posts.authorId, 1)).as('mine')
      return db.select().from(mine).where(gt(mine.views, 5))
    },
    ['blog_post author_id=1'],
  ],
  'WHERE outside a derived table': [
    () => {
      const some = db.select().from(posts).where(gt(posts.views, 5)).limit(1).as('some')
      return db.select().from(some).where(eq(some.id, 1))
    },
    ['blog_post list'],
  ],
  'a LATERAL derived table that references a pinned row': [
    () => {
      const last = db.select().from(posts).where(eq(posts.authorId, users.id)).limit(1).as('last')
      return db.select().from(users).innerJoinLateral(last, sql`true`).where(eq(users.id, 1))
    },
    ['app_user list id=1', 'blog_post author_id=1'],
  ],
  'a CTE': [
    () => {
      const onePost = db.$with('one').as(db.select().from(posts).where(eq(posts.id, 1)))
      return db.with(onePost).select().from(onePost)
    },
    ['blog_post list id=1'],
  ],
  'each arm of a union': [
    () =>
      unionAll(
        db.select({ id: posts.id }).from(posts).where(eq(posts.id, 1)),
        db.select({ id: comments.id }).from(comments).where(eq(comments.postId, 2)),
      ),
    ['blog_comment post_id=2', 'blog_post list id=1'],
  ],
  'an inner join': [
    () => db.select().from(users).innerJoin(posts, eq(posts.authorId, users.id)).where(eq(users.id, 1)),
    ['app_user list id=1', 'blog_post author_id=1'],
  ],
  'the nullable side of a left join, by ON': [
    () => db.select().from(users).leftJoin(posts, eq(posts.id, 1)),
    ['app_user list', 'blog_post list id=1'],
  ],
  'ON does not restrict the side whose rows are all kept': [
    () =>
      db
        .select()
        .from(users)
        .leftJoin(posts, and(eq(users.id, 1), eq(posts.authorId, users.id))),
    ['app_user list', 'blog_post list'],
  ],
  'ON of a full join restricts neither side': [
    () => db.select().from(users).fullJoin(posts, eq(posts.authorId, users.id)).where(eq(users.id, 1)),
    ['app_user list id=1', 'blog_post list'],
  ],
  'two aliases of one table': [
    () => {
      const other = aliasedTable(posts, 'other')
      return db.select().from(posts).innerJoin(other, lt(other.id, posts.id)).where(eq(other.id, 1))
    },
    ['blog_post list id=1'],
  ],
  'a table and its alias': [
    () => {
      const other = alias(posts, 'other')
      return db.select().from(posts).innerJoin(other, eq(other.id, 2)).where(eq(posts.id, 1))
    },
    ['blog_post list id=1 id=2'],
  ],
  'a correlated subquery': [
    () =>
      db
        .select()
        .from(users)
        .where(and(eq(users.id, 1), exists(db.select().from(posts).where(eq(posts.authorId, users.id))))),
    ['app_user list id=1', 'blog_post author_id=1'],
  ],
  'a subquery of another table': [
    () =>
      db
        .select()
        .from(users)
        .where(inArray(users.id, db.select({ id: posts.authorId }).from(posts).where(eq(posts.id, 1)))),
    ['app_user list', 'blog_post list id=1'],
  ],
  'a count': [() => db.$count(posts, eq(posts.authorId, 1)), ['blog_post author_id=1']],
  'a count next to a row': [
    () =>
      db
        .select({ id: users.id, posts: db.$count(posts, eq(posts.authorId, users.id)) })
        .from(users)
        .where(eq(users.id, 1)),
    ['app_user list id=1', 'blog_post author_id=1'],
  ],
  'a view depends on what it reads': [
    () => db.select().from(t.postStats).where(eq(t.postStats.authorId, 1)),
    ['blog_post list', 'blog_post_stats list'],
  ],
  'children of a relational query': [
    () => db.query.users.findFirst({ where: eq(users.id, 1), with: { posts: true } }),
    ['app_user list id=1', 'blog_post author_id=1'],
  ],
  'children of several parents': [
    () => db.query.users.findMany({ where: inArray(users.id, [1, 2]), with: { posts: true } }),
    ['app_user list id=1 id=2', 'blog_post author_id=1 author_id=2'],
  ],
  'children of children depend on their table': [
    () => db.query.users.findFirst({ where: eq(users.id, 1), with: { posts: { with: { comments: true } } } }),
    ['app_user list id=1', 'blog_comment list', 'blog_post author_id=1'],
  ],
  'a parent depends on its table': [
    () => db.query.posts.findFirst({ where: eq(posts.id, 1), with: { author: true, comments: true } }),
    ['app_user list', 'blog_comment post_id=1', 'blog_post list id=1'],
  ],
  // By their parent, whose key is known from the result, so only a hit shows it.
  'children with a filter': [
    () =>
      db.query.users.findFirst({
        where: eq(users.id, 1),
        with: { posts: { where: eq(posts.id, 2), limit: 1 } },
      }),
    ['app_user list id=1', 'blog_post list'],
  ],
}

describe('the tags of a read', () => {
  for (const [name, [read, expected]] of Object.entries(READS))
    it(name, async () => {
      expect(await tagsOf(read)).toStrictEqual(expected)
    })
})

describe('a lookup that found its row is kept when other rows are inserted', () => {
  const LOOKUPS: Readonly<Record<string, () => PromiseLike<unknown>>> = {
    'a lookup of one row': () => db.select().from(users).where(eq(users.id, 1)),
    'a lookup of several rows': () =>
      db
        .select({ name: users.name })
        .from(users)
        .where(inArray(users.id, [1, 2])),
    'a lookup by a relational query': () => db.query.users.findFirst({ where: eq(users.id, 1) }),
    'a lookup with children': () =>
      db.query.users.findFirst({ where: eq(users.id, 1), with: { posts: true } }),
  }
  for (const [name, read] of Object.entries(LOOKUPS))
    it(name, async () => {
      await read()
      await db.insert(users).values({ email: `${name}@x` })
      const { reads } = await cache.explain(async () => await read())
      expect(reads).toMatchObject([{ source: 'memory' }])
    })

  it('a lookup that found nothing is invalidated when rows are inserted', async () => {
    const read = () => db.select().from(users).where(eq(users.id, 77))
    await read()
    await db.insert(users).values({ id: 77, email: '77@x' })
    expect(await read()).toHaveLength(1)
  })
})
