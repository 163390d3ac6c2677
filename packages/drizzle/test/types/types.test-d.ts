import type { PGlite } from '@electric-sql/pglite'
import type { Cache } from '@larder/core'
import { cached, drizzleCache } from '@larder/drizzle'
import type { LibSQLDatabase } from 'drizzle-orm/libsql'
import type { MySql2Database } from 'drizzle-orm/mysql2'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import type { PgliteDatabase } from 'drizzle-orm/pglite'
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import type { Pool } from 'pg'
import { describe, expectTypeOf, it } from 'vitest'
import type * as schema from '../contract/schema-pg.ts'

// Never run: only the types are checked.
declare const cache: Cache
type Schema = typeof schema
declare const dbs: {
  pg: NodePgDatabase<Schema> & { $client: Pool }
  pglite: PgliteDatabase<Schema> & { $client: PGlite }
  postgresJs: PostgresJsDatabase<Schema>
  libsql: LibSQLDatabase<Schema>
  mysql: MySql2Database<Schema>
  bare: NodePgDatabase
}
declare const tables: Schema

describe('the type of db', () => {
  it('is the same for every driver', () => {
    expectTypeOf(drizzleCache(dbs.pg, { cache })).toEqualTypeOf(dbs.pg)
    expectTypeOf(drizzleCache(dbs.pglite, { cache })).toEqualTypeOf(dbs.pglite)
    expectTypeOf(drizzleCache(dbs.postgresJs, { cache })).toEqualTypeOf(dbs.postgresJs)
    expectTypeOf(drizzleCache(dbs.libsql, { cache })).toEqualTypeOf(dbs.libsql)
    expectTypeOf(drizzleCache(dbs.mysql, { cache })).toEqualTypeOf(dbs.mysql)
    expectTypeOf(drizzleCache(dbs.bare, { cache, schema: tables })).toEqualTypeOf(dbs.bare)
    expectTypeOf(cached(dbs.pg, { ttl: '1s' })).toEqualTypeOf(dbs.pg)
    expectTypeOf(cached(dbs.pg, false)).toEqualTypeOf(dbs.pg)
  })

  it('takes a transaction where it takes a db', () => {
    dbs.pg.transaction(async (tx) => {
      expectTypeOf(cached(tx, false)).toEqualTypeOf(tx)
    })
  })
})

describe('policies', () => {
  it('are named as the schema names its tables and views', () => {
    drizzleCache(dbs.pg, {
      cache,
      tables: { users: { ttl: '1s' }, postStats: { ttl: 5 }, '*': { ttl: '1h' } },
    })
    // @ts-expect-error: no such table
    drizzleCache(dbs.pg, { cache, tables: { user: { ttl: '1s' } } })
    // @ts-expect-error: an enum is no table
    drizzleCache(dbs.pg, { cache, tables: { role: { ttl: '1s' } } })
    // @ts-expect-error: no duration
    drizzleCache(dbs.pg, { cache, tables: { users: { ttl: '1 second' } } })
    drizzleCache(dbs.bare, { cache, schema: tables, tables: { posts: { ttl: '1s' } } })
    drizzleCache(dbs.pg, {
      cache,
      tables: { posts: { ttl: '1s', write: 'through' }, '*': { ttl: 1, write: 'around' } },
    })
    // @ts-expect-error: no way of writing
    drizzleCache(dbs.pg, { cache, tables: { posts: { ttl: '1s', write: 'back' } } })
    // @ts-expect-error: said of a table, not per call
    cached(dbs.pg, { ttl: '1s', write: 'through' })
    // @ts-expect-error: no such table in the schema given
    drizzleCache(dbs.bare, { cache, schema: tables, tables: { post: { ttl: '1s' } } })
  })
})
