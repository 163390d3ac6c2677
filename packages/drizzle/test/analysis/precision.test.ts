import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { and, eq, gt, inArray, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ContractDb, DriverDatabase } from '../contract/driver.ts'
import { populate, reset } from '../contract/rows.ts'
import * as t from '../contract/schema-pg.ts'
import { nodePostgres } from '../drivers/node-postgres.ts'

const cache = createCache()
let database: DriverDatabase
let plain: ContractDb
let db: ContractDb

beforeAll(async () => {
  database = await nodePostgres.start()
  plain = await database.db()
  db = drizzleCache(plain, { cache, tables: { '*': { ttl: '1h' } } })
})
afterAll(async () => {
  await cache.close()
  await database.stop()
})
beforeEach(async () => {
  await reset(plain, t)
  await populate(plain, t)
  await cache.invalidate({ all: true })
})

/** One read for each tag. */
const READS = {
  post1: () => db.select().from(t.posts).where(eq(t.posts.id, 1)),
  post2: () => db.select().from(t.posts).where(eq(t.posts.id, 2)),
  post3: () => db.select().from(t.posts).where(eq(t.posts.id, 3)),
  of1: () => db.select().from(t.posts).where(eq(t.posts.authorId, 1)),
  of2: () => db.select().from(t.posts).where(eq(t.posts.authorId, 2)),
  posts: () => db.select().from(t.posts),
  users: () => db.select().from(t.users),
  user1: () => db.select().from(t.users).where(eq(t.users.id, 1)),
  email1: () => db.select().from(t.users).where(eq(t.users.email, 'u1@x')),
  email2: () => db.select().from(t.users).where(eq(t.users.email, 'u2@x')),
  user1WithPosts: () => db.query.users.findFirst({ where: eq(t.users.id, 1), with: { posts: true } }),
  member11: () =>
    db
      .select()
      .from(t.memberships)
      .where(and(eq(t.memberships.userId, 1), eq(t.memberships.groupId, 1))),
  member12: () =>
    db
      .select()
      .from(t.memberships)
      .where(and(eq(t.memberships.userId, 1), eq(t.memberships.groupId, 2))),
} as const
type Name = keyof typeof READS
const NAMES = Object.keys(READS) as Name[]

async function ended(write: () => PromiseLike<unknown>): Promise<readonly Name[]> {
  for (const name of NAMES) await READS[name]()
  await write()
  const invalidated: Name[] = []
  for (const name of NAMES) {
    const { reads } = await cache.explain(async () => await READS[name]())
    if (reads.some(({ source }) => source !== 'memory')) invalidated.push(name)
  }
  return invalidated
}

/** Each write with the reads that it invalidates. All others are hits afterwards. */
const WRITES: Readonly<Record<string, readonly [() => PromiseLike<unknown>, string]>> = {
  'an update of a plain column by primary key': [
    () => db.update(t.posts).set({ views: 99 }).where(eq(t.posts.id, 1)),
    'post1 of1 of2 posts user1WithPosts',
  ],
  'an update of a plain column by primary key, returning the row': [
    () => db.update(t.posts).set({ views: 99 }).where(eq(t.posts.id, 1)).returning(),
    'post1 of1 posts user1WithPosts',
  ],
  'an update by foreign key': [
    () => db.update(t.posts).set({ views: 99 }).where(eq(t.posts.authorId, 2)),
    'post1 post2 post3 of2 posts',
  ],
  'an update by foreign key, returning the keys': [
    () => db.update(t.posts).set({ views: 99 }).where(eq(t.posts.authorId, 2)).returning({ id: t.posts.id }),
    'post3 of2 posts',
  ],
  'an update by primary and foreign key': [
    () =>
      db
        .update(t.posts)
        .set({ views: 99 })
        .where(and(eq(t.posts.id, 3), eq(t.posts.authorId, 2))),
    'post3 of2 posts',
  ],
  'an update by several primary keys, returning': [
    () =>
      db
        .update(t.posts)
        .set({ views: 99 })
        .where(inArray(t.posts.id, [1, 2]))
        .returning(),
    'post1 post2 of1 posts user1WithPosts',
  ],
  'an update that moves a row from one author to another, both in the statement': [
    () =>
      db
        .update(t.posts)
        .set({ authorId: 2 })
        .where(and(eq(t.posts.id, 1), eq(t.posts.authorId, 1))),
    'post1 of1 of2 posts user1WithPosts',
  ],
  'an update that moves a row from an unknown author': [
    () => db.update(t.posts).set({ authorId: 2 }).where(eq(t.posts.id, 1)).returning(),
    'post1 of1 of2 posts user1WithPosts',
  ],
  'an update of a range': [
    () => db.update(t.posts).set({ views: 99 }).where(gt(t.posts.id, 2)),
    'post1 post2 post3 of1 of2 posts user1WithPosts',
  ],
  'an update of a range, returning': [
    () => db.update(t.posts).set({ views: 99 }).where(gt(t.posts.id, 2)).returning(),
    'post3 of2 posts',
  ],
  'a delete by primary key': [
    () => db.delete(t.posts).where(eq(t.posts.id, 3)),
    'post3 of1 of2 posts user1WithPosts',
  ],
  'a delete by primary key, returning': [
    () => db.delete(t.posts).where(eq(t.posts.id, 3)).returning(),
    'post3 of2 posts',
  ],
  'an insert with its foreign key': [
    () => db.insert(t.posts).values({ title: 'n', authorId: 2 }),
    'of2 posts',
  ],
  'an insert from a select': [
    () =>
      db.insert(t.posts).select(
        db
          .select({
            id: sql<number>`900`.as('id'),
            title: t.users.email,
            views: sql<number>`0`.as('v'),
            authorId: t.users.id,
          })
          .from(t.users)
          .where(eq(t.users.id, 3)),
      ),
    'of1 of2 posts user1WithPosts',
  ],
  'an upsert by primary key': [
    () =>
      db
        .insert(t.posts)
        .values({ id: 3, title: 'again', authorId: 2 })
        .onConflictDoUpdate({ target: t.posts.id, set: { title: 'again' } }),
    'post3 of1 of2 posts user1WithPosts',
  ],
  'an upsert by primary key, returning': [
    () =>
      db
        .insert(t.posts)
        .values({ id: 3, title: 'again', authorId: 2 })
        .onConflictDoUpdate({ target: t.posts.id, set: { title: 'again' } })
        .returning(),
    'post3 of2 posts',
  ],
  'an upsert by another unique key': [
    () =>
      db
        .insert(t.users)
        .values({ email: 'u2@x', name: 'again' })
        .onConflictDoUpdate({ target: t.users.email, set: { name: 'again' } }),
    'users user1 email2 user1WithPosts',
  ],
  'an insert that does nothing on conflict': [
    () => db.insert(t.users).values({ email: 'u2@x' }).onConflictDoNothing(),
    'users',
  ],
  'an update by a unique key': [
    () => db.update(t.users).set({ name: 'x' }).where(eq(t.users.email, 'u2@x')),
    'users user1 email2 user1WithPosts',
  ],
  'an update by a unique key, returning the primary key': [
    () =>
      db.update(t.users).set({ name: 'x' }).where(eq(t.users.email, 'u2@x')).returning({ id: t.users.id }),
    'users email2',
  ],
  'an update by a composite key': [
    () =>
      db
        .update(t.memberships)
        .set({ level: 2 })
        .where(and(eq(t.memberships.userId, 1), eq(t.memberships.groupId, 2))),
    'member12',
  ],
  'an update by an OR': [
    () => db.update(t.posts).set({ views: 1 }).where(sql`${t.posts.id} = 3 or ${t.posts.id} = 2`),
    'post1 post2 post3 of1 of2 posts user1WithPosts',
  ],
}

describe('which reads a write invalidates', () => {
  for (const [name, [write, expected]] of Object.entries(WRITES))
    it(name, async () => {
      expect((await ended(write)).join(' ')).toBe(expected)
    })
})
