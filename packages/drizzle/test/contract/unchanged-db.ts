import { createCache } from '@larder/core'
import { cached, drizzleCache } from '@larder/drizzle'
import { differences, type Snapshot, sized, snapshotOf } from '@larder/testing'
import { eq, sql } from 'drizzle-orm'
import { expect, it } from 'vitest'
import type { Contract, ContractDb, Rules } from './driver.ts'
import { writesOf } from './write-forms.ts'

interface Parts {
  readonly session: { readonly client?: unknown }
  readonly $client?: unknown
}

/** The db with its dialect, session and the tables of its schema. The driver's client is not part of it. */
function takeSnapshot(base: ContractDb, t: object): () => Snapshot {
  const { session, $client } = base as unknown as Parts
  return () => snapshotOf({ base, tables: t }, new Set([session.client, $client]))
}

/**
 * Drizzle 1.0 caches the codecs of each column type in the dialect, once for all dbs of the dialect's class. They
 * depend on the type only.
 */
const REMEMBERED = /\.codecs\.(?:item|array)CodecsCache/

function changes(before: Snapshot, after: Snapshot): readonly string[] {
  return differences(before, after).filter((name) => !REMEMBERED.test(name))
}

/** After which statements a short run takes a snapshot, which costs more than most of them: the last of each kind. */
const isCompared = (at: number, all: readonly unknown[]): boolean => sized(at === all.length - 1, true)

/** The db that is passed to `drizzleCache` stays as it was. */
export const unchangedDbRules: Rules = (the, driver) => {
  it('the db that was passed in stays unchanged', async () => {
    const { relational, t, raw, openDb } = the()
    const base = await openDb()
    // A first use, since drivers change their client on it.
    await raw(base, 'select 1')
    const take = takeSnapshot(base, t)
    const before = take()
    const cache = createCache()
    const write =
      driver.dialect === 'mysql' ? {} : { posts: { ttl: '1h' as const, write: 'through' as const } }
    const options = { cache, schema: t, tables: { '*': { ttl: '1h' as const }, ...write } }
    const db = drizzleCache(base, options)
    expect(changes(before, take()), 'by wrapping').toEqual([])

    const contract: Contract = { ...the(), db }
    const kinds: readonly Forms[] = [
      // MariaDB cannot run all of them.
      Object.fromEntries(Object.entries(relational).map(([name, read]) => [name, () => read(db, t)])),
      writesOf(driver.dialect),
      READS,
    ]
    for (const kind of kinds)
      for (const [at, [name, form]] of Object.entries(kind).entries()) {
        await settled(() => form(contract))
        if (isCompared(at, Object.keys(kind))) expect(changes(before, take()), `up to ${name}`).toEqual([])
      }
    await cache.close()
    expect(changes(before, take()), 'by closing the cache').toEqual([])
  })
}

type Forms = Readonly<Record<string, (contract: Contract) => PromiseLike<unknown>>>

const READS: Forms = {
  'a select by key': ({ db, t }) => db.select().from(t.users).where(eq(t.users.id, 1)),
  'a join': ({ db, t }) => db.select().from(t.posts).leftJoin(t.users, eq(t.users.id, t.posts.authorId)),
  'a view': ({ db, t }) => db.select().from(t.postStats),
  'a count': ({ db, t }) => db.$count(t.posts),
  'a prepared query': ({ db, t }) =>
    db
      .select()
      .from(t.posts)
      .where(eq(t.posts.id, sql.placeholder('id')))
      .prepare('by_id')
      .execute({ id: 1 }),
  'another policy': ({ db, t }) => cached(db, { ttl: '1m' }).select().from(t.posts),
  'raw SQL': ({ db, t, raw }) => raw(db, sql`select ${t.posts.id} from ${t.posts}`),
  'an invalidation': ({ db, t }) => db.$cache.invalidate({ tables: t.posts }),
  'a transaction': ({ db, t }) =>
    db.transaction(async (tx) => {
      await tx.select().from(t.posts)
      await tx.update(t.posts).set({ views: 3 }).where(eq(t.posts.id, 1))
      await tx.transaction(async (inner) => inner.select().from(t.users))
    }),
  'a batch': ({ db, t }) => {
    const { batch } = db as unknown as { batch?: (queries: readonly unknown[]) => Promise<unknown> }
    return batch?.call(db, [db.select().from(t.posts)]) ?? Promise.resolve()
  },
}

async function settled(run: () => PromiseLike<unknown>): Promise<void> {
  try {
    await run()
  } catch {
    // A form that the driver does not support must change nothing either.
  }
}
