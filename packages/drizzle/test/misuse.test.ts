import { createCache } from '@larder/core'
import { cached, drizzleCache } from '@larder/drizzle'
import { eq } from 'drizzle-orm'
import { Cache } from 'drizzle-orm/cache/core'
import { drizzle } from 'drizzle-orm/node-postgres'
import { withReplicas } from 'drizzle-orm/pg-core'
import { drizzle as drizzleProxy } from 'drizzle-orm/pg-proxy'
import { describe, expect, it, vi } from 'vitest'
import * as schema from './contract/schema-pg.ts'

// Mistakes throw before any statement is sent.
const db = drizzle.mock({ schema })
const wrap = (options: object, target: object = db) => {
  const cache = createCache()
  return () => drizzleCache(target as typeof db, { cache, ...options } as never)
}

describe('invalid options throw at construction and name the fix', () => {
  const REFUSED: Readonly<Record<string, readonly [() => unknown, RegExp]>> = {
    'no cache': [wrap({ cache: {} }), /pass what createCache\(\) returned/],
    'an option there is not': [
      wrap({ table: {} }),
      /no option table: there are cache, schema, database, tables/,
    ],
    'a table there is not': [wrap({ tables: { user: { ttl: 1 } } }), /tables\.user.*there are .*users/],
    'a policy without a lifetime': [wrap({ tables: { users: {} } }), /tables\.users\.ttl is missing/],
    'a table by another case': [
      wrap({ tables: { Users: { ttl: 1 } } }),
      /tables\.Users.*: give users: there are/,
    ],
    'a way of writing there is not': [
      wrap({ tables: { users: { ttl: 1, write: 'back' } } }),
      /tables\.users\.write is "back": give 'invalidate', 'through' or 'around'/,
    ],
    'a way of writing in a call': [
      () => cached(drizzleCache(db, { cache: createCache() }), { ttl: 1, write: 'through' } as never),
      /write.*describes the table/,
    ],
    'an operation there is not': [
      wrap({ tables: { users: { ttl: 1, operations: ['findMany'] } } }),
      /the possible reads are select, query, \$count/,
    ],
    'a lookup key of no columns': [
      wrap({ tables: { posts: { ttl: 1, lookupKeys: [['author']] } } }),
      /the columns of posts are id, title, views, authorId/,
    ],
    'no schema': [wrap({}, drizzle.mock()), /pass schema/],
    'what is no db': [wrap({}, {}), /takes the db that drizzle/],
    'an unsupported driver': [
      wrap(
        {},
        drizzleProxy(async () => ({ rows: [] }), { schema }),
      ),
      /does not support PgRemote: see Drivers in docs\/drizzle\.md/,
    ],
    replicas: [wrap({}, withReplicas(db, [db])), /wrap the primary/i],
    'a bad database name': [wrap({ database: 'a b' }), /database is "a b"/],
    'a collation where the database is not MySQL': [
      wrap({ collation: 'utf8mb4_unicode_ci' }),
      /collation is for MySQL and MariaDB, and this db uses postgres/,
    ],
    'a wrapped db': [wrap({}, drizzleCache(db, { cache: createCache() })), /wrapped this db already/],
    'cached() on a plain db': [() => cached(db, { ttl: 1 }), /takes a db that drizzleCache/],
    'a typo in a call': [
      () => cached(drizzleCache(db, { cache: createCache() }), { tll: 1 } as never),
      /cached\.tll is not an option/,
    ],
    'a schema option in a call': [
      () => cached(drizzleCache(db, { cache: createCache() }), { touches: ['users'] } as never),
      /describes the table/,
    ],
    'a raw read without a lifetime': [
      () => cached(drizzleCache(db, { cache: createCache() }), { reads: ['users'] }),
      /ttl is missing/,
    ],
    'a raw read of no table': [
      () => cached(drizzleCache(db, { cache: createCache() }), { ttl: 1, reads: [] }),
      /names no table/,
    ],
    'a raw write of a table there is not': [
      () => cached(drizzleCache(db, { cache: createCache() }), { writes: ['orders'] }),
      /names orders.*there are .*users/,
    ],
    'tables that are no list': [
      () => cached(drizzleCache(db, { cache: createCache() }), { writes: schema.users } as never),
      /takes an array of tables/,
    ],
  }
  for (const [name, [attempt, message]] of Object.entries(REFUSED))
    it(name, () => {
      expect(attempt).toThrow(message)
    })

  it('an unsupported option of $withCache throws', () => {
    const ours = drizzleCache(db, { cache: createCache(), tables: { users: { ttl: '1s' } } })
    const query = ours.select().from(schema.users)
    expect(() => query.$withCache({ autoInvalidate: false }).prepare('a')).toThrow(/is not supported/)
    expect(() => query.$withCache({ config: { exat: 5 } }).prepare('b')).toThrow(/config\.exat.*ex: seconds/)
  })
})

describe('the db that was passed in', () => {
  it('is copied with its own properties and not changed', () => {
    const before = { ...db, session: db._.session }
    const ours = drizzleCache(db, { cache: createCache() })
    expect({ ...db, session: db._.session }).toStrictEqual(before)
    expect(ours).not.toBe(db)
    expect(ours).toBeInstanceOf(db.constructor)
    expect(ours.$client).toBe(db.$client)
    expect(ours._.fullSchema).toBe(db._.fullSchema)
    expect(Object.keys(ours.query)).toStrictEqual(Object.keys(db.query))
    const sql = (from: typeof db) => from.select().from(schema.users).where(eq(schema.users.id, 1)).toSQL()
    expect(sql(ours)).toStrictEqual(sql(db))
    expect(ours.query.users.findMany().toSQL()).toStrictEqual(db.query.users.findMany().toSQL())
  })

  it("causes a warning if it uses Drizzle's own cache, which is ignored", () => {
    class Native extends Cache {
      strategy = () => 'all' as const
      get = async () => undefined
      put = async () => {}
      onMutate = async () => {}
    }
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const cache = createCache()
    const warnings: string[] = []
    cache.on('warning', ({ code }) => warnings.push(code))
    drizzleCache(drizzle.mock({ schema, cache: new Native() }), { cache })
    // A mock has no connection.
    expect(warnings).toStrictEqual(['hidden-connection', 'native-cache'])
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('Leave `cache` out of drizzle('))
  })
})
