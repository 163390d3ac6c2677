import { createCache } from '@larder/core'
import { cached, cacheOf, drizzleCache, type TablePolicies } from '@larder/drizzle'
import { drizzle } from 'drizzle-orm/node-postgres'
import { describe, expect, it } from 'vitest'
import * as schema from '../contract/schema-pg.ts'

// A stub driver, because only the source of a read matters.
const client = () => ({ query: async () => ({ rows: [] }) }) as never
function connect(tables: TablePolicies<typeof schema>) {
  const db = drizzleCache(drizzle(client(), { schema }), { cache: createCache(), tables })
  const sources = async (read: () => PromiseLike<unknown>) => {
    const { reads } = await cacheOf(db).explain(() => Promise.all([read(), read()]))
    return reads.map(({ source, reason }) => (reason ? `${source}: ${reason}` : source))
  }
  return { db, sources }
}

describe('a table with `false`', () => {
  it("is not cached, also where '*' applies to the others", async () => {
    const { db, sources } = connect({ users: false, '*': { ttl: '1h' } })
    const uncached = ['database: no-policy', 'database: no-policy']
    expect(await sources(() => db.select().from(schema.users))).toEqual(uncached)
    await db.select().from(schema.posts)
    expect(await sources(() => db.select().from(schema.posts))).toEqual(['memory', 'memory'])
  })

  it('is cached by a call with a ttl', async () => {
    const { db, sources } = connect({ users: false })
    const read = () => cached(db, { ttl: '1h' }).select().from(schema.users)
    await read()
    expect(await sources(read)).toEqual(['memory', 'memory'])
  })
})

describe('a call without a ttl on a table without one rejects and names the fix', () => {
  it('for $withCache()', async () => {
    const { db } = connect({})
    await expect(db.select().from(schema.users).$withCache()).rejects.toThrow(
      '$withCache(…) on users.ttl is missing: add { config: { ex: seconds } } to the call, or give users a policy in tables',
    )
    await expect(
      db
        .select()
        .from(schema.users)
        .$withCache({ tag: 'a', config: { ex: 60 } }),
    ).resolves.toEqual([])
  })

  it('for cached()', async () => {
    const { db } = connect({})
    await expect(
      cached(db, { tags: ['a'] })
        .select()
        .from(schema.users),
    ).rejects.toThrow(
      'cached(db, …) on users.ttl is missing: add a ttl to the call, or give users a policy in tables',
    )
  })
})
