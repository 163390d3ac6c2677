import { createCache, memoryStore } from '@larder/core'
import type { Store } from '@larder/core/store'
import { cached, drizzleCache } from '@larder/drizzle'
import { eq, sql } from 'drizzle-orm'
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3'
import { describe, expect, it } from 'vitest'
import type { Contract, Rules } from './driver.ts'

type Db = BetterSQLite3Database<Record<string, never>>

/** The additional contract of synchronous drivers: their methods and transactions. */
export const syncRules: Rules = (the) => {
  const setup = () => {
    const { db, t, sourceOf, ...rest } = the()
    const once = db as unknown as Db
    const post = (id: number) => once.select().from(t.posts).where(eq(t.posts.id, id)) as never as Rows
    const set = (on: Db, title: string, id = 1) =>
      on
        .update(t.posts as never)
        .set({ title } as never)
        .where(eq(t.posts.id, id))
        .run()
    const sourceOfSync = (fn: () => unknown) => sourceOf(async () => fn())
    return { db, t, once, post, set, sourceOfSync, ...rest }
  }
  methods(setup)
  transactions(setup)
  remote(the)
}

type Title = Readonly<Record<string, unknown>>
interface Rows {
  all(): readonly Title[]
  get(): Title | undefined
  values(): readonly (readonly unknown[])[]
}
type Setup = () => Contract & {
  readonly once: Db
  post(id: number): Rows
  set(on: Db, title: string, id?: number): unknown
  sourceOfSync(fn: () => unknown): Promise<string>
}

function methods(setup: () => Omit<ReturnType<Setup>, 'sourceOf'>): void {
  describe('synchronous methods', () => {
    for (const method of ['all', 'get', 'values'] as const)
      it(`${method}: the second call is a hit with the same value, and a write invalidates it in the same tick`, async () => {
        const { post, set, once, sourceOfSync } = setup()
        const read = () => post(1)[method]()
        const first = read()
        expect(await sourceOfSync(read)).toBe('memory')
        expect(read()).toStrictEqual(first)
        set(once, 'changed')
        expect(JSON.stringify(read())).toContain('changed')
        expect(await sourceOfSync(read)).toBe('memory')
        set(once, 'another row', 2)
        expect(await sourceOfSync(read)).toBe('memory')
      })

    it('all and get of one query have separate entries', () => {
      const { once, t } = setup()
      const posts = once.select().from(t.posts as never) as never as Rows
      expect(posts.all()).toHaveLength(3)
      expect(posts.get()).toMatchObject({ id: 1 })
      expect(posts.get()).toMatchObject({ id: 1 })
      expect(posts.all()).toHaveLength(3)
      const none = setup().post(99)
      expect([none.get(), none.get(), none.all()]).toStrictEqual([undefined, undefined, []])
    })
  })
}

function transactions(setup: () => Omit<ReturnType<Setup>, 'sourceOf'>): void {
  describe('synchronous transactions', () => {
    it('reads in a transaction go to the database, and COMMIT invalidates the written rows', async () => {
      const { post, set, once, sourceOfSync } = setup()
      const reads = [1, 2].map((id) => () => post(id).get()?.title)
      for (const read of reads) read()
      const inside = await sourceOfSync(() =>
        once.transaction((tx) => {
          set(tx as never, 'inside')
          return (reads[0] as () => unknown)()
        }),
      )
      expect(inside).toBe('database transaction')
      expect(reads[0]?.()).toBe('inside')
      expect(await sourceOfSync(() => reads[1]?.())).toBe('memory')
    })

    it.each(['deferred', 'immediate', 'exclusive'] as const)(
      'a transaction begun as %s invalidates at COMMIT, and keeps all cached reads after ROLLBACK',
      async (behavior) => {
        const { post, set, once, sourceOfSync } = setup()
        post(1).get()
        const writing = (undo: boolean) =>
          once.transaction(
            (tx) => {
              set(tx as never, 'inside')
              if (undo) tx.rollback()
            },
            { behavior },
          )
        expect(() => writing(true)).toThrow()
        expect(await sourceOfSync(() => post(1).get())).toBe('memory')
        writing(false)
        expect(post(1).get()).toMatchObject({ title: 'inside' })
      },
    )

    it('a rollback keeps cached reads, a released savepoint is visible, and a rolled back one is not', async () => {
      const { post, set, once, sourceOfSync } = setup()
      post(1).get()
      const failing = () =>
        once.transaction((tx) => {
          set(tx as never, 'never')
          post(1).get()
          tx.rollback()
        })
      expect(failing).toThrow()
      expect(await sourceOfSync(() => post(1).get())).toBe('memory')
      expect(post(1).get()).toMatchObject({ title: 'p1' })
      once.transaction((tx) => {
        tx.transaction((inner) => set(inner as never, 'kept'))
        const undone = () =>
          tx.transaction((inner) => {
            set(inner as never, 'undone', 2)
            inner.rollback()
          })
        expect(undone).toThrow()
      })
      expect(post(1).get()).toMatchObject({ title: 'kept' })
      expect(post(2).get()).toMatchObject({ title: 'p2' })
    })

    for (const [end, title] of [
      ['commit', 'by hand'],
      ['rollback', 'p1'],
    ] as const)
      it(`nothing is cached between a raw BEGIN and its ${end}`, async () => {
        const { post, set, once, sourceOfSync } = setup()
        post(1).get()
        once.run(sql`begin`)
        set(once, 'by hand')
        expect(await sourceOfSync(() => post(1).get())).toBe('database transaction')
        await Promise.resolve()
        once.run(sql.raw(end))
        expect(post(1).get()).toMatchObject({ title })
        expect(await sourceOfSync(() => post(1).get())).toBe('memory')
      })
  })
}

function remote(the: () => Contract): void {
  describe('a synchronous driver over a remote store', () => {
    it('reads go to the database, and a write is invalidated in the background', async () => {
      const { plain, t, db: other } = the()
      const { sync: _, ...store } = memoryStore()
      const finished: string[] = []
      const watched: Store = {
        ...store,
        source: 'store',
        async finish(request) {
          finished.push(request.record)
          await store.finish(request)
        },
      }
      const cache = createCache({ store: watched })
      const db = drizzleCache(plain, { cache, schema: t, tables: { '*': { ttl: '1h' } } })
      const read = async () => await db.select().from(t.posts).where(eq(t.posts.id, 1))
      const { reads } = await cache.explain(async () => [await read(), await read()])
      expect(reads.map(({ reason }) => reason)).toStrictEqual(['unavailable', 'unavailable'])
      await db.update(t.posts).set({ title: 'written' }).where(eq(t.posts.id, 1))
      await expect.poll(() => finished.some((record) => record.includes('blog_post'))).toBe(true)
      await cache.close()
      expect(await other.select().from(t.posts).where(eq(t.posts.id, 1))).toMatchObject([
        { title: 'written' },
      ])
    })

    it("onMarkFailure: 'reject' throws, because the driver cannot wait for a mark", () => {
      const { plain, t } = the()
      const tables = { posts: { ttl: '1h', onMarkFailure: 'reject' } } as const
      expect(() => drizzleCache(plain, { cache: createCache(), schema: t, tables })).toThrow(
        /tables\.posts\.onMarkFailure.*synchronous driver/,
      )
    })

    it.each([
      ["singleFlight: 'cluster'", { singleFlight: 'cluster' }],
      ['maxConcurrentLoads', { maxConcurrentLoads: 2 }],
    ] as const)('%s throws, because the driver cannot wait for other loads', (name, option) => {
      const { plain, t } = the()
      const tables = { posts: { ttl: '1h', ...option } } as const
      expect(() => drizzleCache(plain, { cache: createCache(), schema: t, tables })).toThrow(
        `tables.posts.${name} is not possible with a synchronous driver`,
      )
      expect(() => cached(the().db, { ttl: '1h', ...option })).toThrow(
        /^cached\(db, \{ .* \}\) is not possible with a synchronous driver/,
      )
    })
  })
}
