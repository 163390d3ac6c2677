import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { ContractDb, DriverDatabase } from '../contract/driver.ts'
import { populate, reset } from '../contract/rows.ts'
import { pglite } from '../drivers/pglite.ts'

// `larder doctor` claims this about triggers that change columns of the written row.

const t = pglite.schema
let database: DriverDatabase
let base: ContractDb
beforeAll(async () => {
  database = await pglite.start()
  base = await database.db()
  await base.execute(sql`create function change() returns trigger language plpgsql as $$
    begin new.view_count := new.view_count + 1000; return new; end $$`)
  await base.execute(
    sql`create trigger changed before insert or update on blog_post for each row execute function change()`,
  )
})
afterAll(() => database.stop())
beforeEach(async () => {
  await reset(base, t)
  await populate(base, t)
})

it.each(['invalidate', 'through'] as const)(
  'a BEFORE trigger that changes other columns leaves no stale read (%s)',
  async (write) => {
    const db = drizzleCache(base, {
      cache: createCache(),
      schema: t,
      tables: { '*': { ttl: '1h', cacheEmpty: '1h' }, posts: { ttl: '1h', cacheEmpty: '1h', write } },
    } as never)
    const reads = [
      (from: ContractDb) => from.select().from(t.posts).where(eq(t.posts.id, 1)),
      (from: ContractDb) => from.select({ views: t.posts.views }).from(t.posts).where(eq(t.posts.id, 1)),
      (from: ContractDb) =>
        from.select().from(t.posts).where(sql`${t.posts.views} > 1000`).orderBy(t.posts.id),
      (from: ContractDb) => from.select().from(t.posts).where(eq(t.posts.authorId, 1)).orderBy(t.posts.id),
    ]
    const writes = [
      () => db.update(t.posts).set({ title: 'a' }).where(eq(t.posts.id, 1)),
      () => db.update(t.posts).set({ title: 'b' }).where(eq(t.posts.id, 1)).returning(),
      () => db.insert(t.posts).values({ id: 900, title: 'c', authorId: 1 }).returning(),
      () => db.update(t.posts).set({ title: 'd' }),
    ]
    for (const change of writes) {
      for (const read of reads) await read(db)
      await change()
      for (const read of reads) expect(await read(db)).toEqual(await read(base))
    }
  },
)
