import type { PGlite } from '@electric-sql/pglite'
import type { Cache } from '@larder/core'
import { cached, cacheOf, drizzleCache } from '@larder/drizzle'
import type { Client as LibSQLClient } from '@libsql/client'
import type BetterSqlite3 from 'better-sqlite3'
import { type BetterSQLite3Database, drizzle as betterSqlite3 } from 'drizzle-orm/better-sqlite3'
import { type LibSQLDatabase, drizzle as libsql } from 'drizzle-orm/libsql'
import { type MySql2Database, drizzle as mysql2 } from 'drizzle-orm/mysql2'
import { type NodePgDatabase, drizzle as nodePostgres } from 'drizzle-orm/node-postgres'
import { type PgliteDatabase, drizzle as pglite } from 'drizzle-orm/pglite'
import { type PostgresJsDatabase, drizzle as postgresJs } from 'drizzle-orm/postgres-js'
import type { Pool as MySqlPool } from 'mysql2/promise'
import type { Client, Pool } from 'pg'
import type { Sql } from 'postgres'
import { describe, expectTypeOf, it } from 'vitest'
import type * as schema from '../contract/schema-pg.ts'

// Never run, only type-checked.
declare const cache: Cache
type Schema = typeof schema
declare const dbs: {
  pg: NodePgDatabase<Schema> & { $client: Pool }
  pglite: PgliteDatabase<Schema> & { $client: PGlite }
  pgClient: NodePgDatabase<Schema> & { $client: Client }
  postgresJs: PostgresJsDatabase<Schema> & { $client: Sql }
  libsql: LibSQLDatabase<Schema> & { $client: LibSQLClient }
  mysql: MySql2Database<Schema> & { $client: MySqlPool }
  betterSqlite3: BetterSQLite3Database<Schema> & { $client: BetterSqlite3.Database }
  bare: NodePgDatabase
}
declare const clients: {
  pool: Pool
  pglite: PGlite
  sql: Sql
  libsql: LibSQLClient
  mysql: MySqlPool
  sqlite: BetterSqlite3.Database
}
declare const tables: Schema

describe('the type of db', () => {
  it('drizzleCache keeps the type of db for every driver', () => {
    expectTypeOf(drizzleCache(dbs.pg, { cache })).toEqualTypeOf(dbs.pg)
    expectTypeOf(drizzleCache(dbs.pgClient, { cache })).toEqualTypeOf(dbs.pgClient)
    expectTypeOf(drizzleCache(dbs.pglite, { cache })).toEqualTypeOf(dbs.pglite)
    expectTypeOf(drizzleCache(dbs.postgresJs, { cache })).toEqualTypeOf(dbs.postgresJs)
    expectTypeOf(drizzleCache(dbs.libsql, { cache })).toEqualTypeOf(dbs.libsql)
    expectTypeOf(drizzleCache(dbs.mysql, { cache })).toEqualTypeOf(dbs.mysql)
    expectTypeOf(drizzleCache(dbs.betterSqlite3, { cache })).toEqualTypeOf(dbs.betterSqlite3)
    expectTypeOf(drizzleCache(dbs.bare, { cache, schema: tables })).toEqualTypeOf(dbs.bare)
  })

  it('cached keeps the type of db for every driver', () => {
    expectTypeOf(cached(dbs.pg, { ttl: '1s' })).toEqualTypeOf(dbs.pg)
    expectTypeOf(cached(dbs.pg, false)).toEqualTypeOf(dbs.pg)
    expectTypeOf(cached(dbs.pglite, false)).toEqualTypeOf(dbs.pglite)
    expectTypeOf(cached(dbs.postgresJs, false)).toEqualTypeOf(dbs.postgresJs)
    expectTypeOf(cached(dbs.libsql, false)).toEqualTypeOf(dbs.libsql)
    expectTypeOf(cached(dbs.mysql, false)).toEqualTypeOf(dbs.mysql)
    expectTypeOf(cached(dbs.betterSqlite3, false)).toEqualTypeOf(dbs.betterSqlite3)
  })

  it('AnyDb accepts the db of every driver', () => {
    const ofPg = nodePostgres(clients.pool, { schema: tables })
    expectTypeOf(drizzleCache(ofPg, { cache })).toEqualTypeOf<typeof ofPg>()
    const ofPglite = pglite(clients.pglite, { schema: tables })
    expectTypeOf(drizzleCache(ofPglite, { cache })).toEqualTypeOf<typeof ofPglite>()
    const ofPostgresJs = postgresJs(clients.sql, { schema: tables })
    expectTypeOf(drizzleCache(ofPostgresJs, { cache })).toEqualTypeOf<typeof ofPostgresJs>()
    const ofLibsql = libsql(clients.libsql, { schema: tables })
    expectTypeOf(drizzleCache(ofLibsql, { cache })).toEqualTypeOf<typeof ofLibsql>()
    const ofMysql = mysql2(clients.mysql, { schema: tables, mode: 'default' })
    expectTypeOf(drizzleCache(ofMysql, { cache })).toEqualTypeOf<typeof ofMysql>()
    const ofSqlite = betterSqlite3(clients.sqlite, { schema: tables })
    expectTypeOf(drizzleCache(ofSqlite, { cache })).toEqualTypeOf<typeof ofSqlite>()
  })

  it('builders of a wrapped db return rows of the same types', () => {
    const ours = drizzleCache(dbs.betterSqlite3, { cache })
    expectTypeOf(ours.transaction(() => 1)).toEqualTypeOf<number>()
    expectTypeOf(drizzleCache(dbs.pg, { cache }).query.users.findFirst()).toEqualTypeOf(
      dbs.pg.query.users.findFirst(),
    )
    const select = drizzleCache(dbs.pg, { cache }).select({ id: tables.users.id }).from(tables.users)
    expectTypeOf<Awaited<typeof select>>().toEqualTypeOf<{ id: number }[]>()
  })

  it('cached accepts a transaction', () => {
    dbs.pg.transaction(async (tx) => {
      expectTypeOf(cached(tx, false)).toEqualTypeOf(tx)
    })
  })
})

describe('policies', () => {
  it('policies are keyed by the schema names of tables and views', () => {
    drizzleCache(dbs.pg, {
      cache,
      tables: { users: { ttl: '1s' }, postStats: { ttl: 5 }, '*': { ttl: '1h' } },
    })
    // @ts-expect-error: no such table
    drizzleCache(dbs.pg, { cache, tables: { user: { ttl: '1s' } } })
    // @ts-expect-error: an enum is not a table
    drizzleCache(dbs.pg, { cache, tables: { role: { ttl: '1s' } } })
    // @ts-expect-error: not a duration
    drizzleCache(dbs.pg, { cache, tables: { users: { ttl: '1 second' } } })
    drizzleCache(dbs.bare, { cache, schema: tables, tables: { posts: { ttl: '1s' } } })
    drizzleCache(dbs.pg, {
      cache,
      tables: { posts: { ttl: '1s', write: 'through' }, '*': { ttl: 1, write: 'around' } },
    })
    // @ts-expect-error: not a write policy
    drizzleCache(dbs.pg, { cache, tables: { posts: { ttl: '1s', write: 'back' } } })
    // @ts-expect-error: not allowed per call
    cached(dbs.pg, { ttl: '1s', write: 'through' })
    // @ts-expect-error: no such table in this schema
    drizzleCache(dbs.bare, { cache, schema: tables, tables: { post: { ttl: '1s' } } })
  })

  it('false stands for a table that is not cached', () => {
    drizzleCache(dbs.pg, { cache, tables: { posts: false, '*': { ttl: '1s' } } })
    drizzleCache(dbs.pg, { cache, tables: { posts: { ttl: '1s' }, '*': false } })
    // @ts-expect-error: true has no lifetime
    drizzleCache(dbs.pg, { cache, tables: { posts: true } })
    // @ts-expect-error: no such table
    drizzleCache(dbs.pg, { cache, tables: { post: false } })
  })
})

describe('cacheOf(db).invalidate', () => {
  it('accepts tables, views and names, alone or mixed in one array', () => {
    const { invalidate } = cacheOf(dbs.pg)
    void invalidate({ tables: tables.posts, tags: 'a' })
    void invalidate({ tables: 'posts', tags: ['a', 'b'] })
    void invalidate({ tables: [tables.posts, tables.postStats, 'public.users'] })
    // @ts-expect-error: an enum is not a table
    void invalidate({ tables: [tables.role] })
    // @ts-expect-error: a number is not a table
    void invalidate({ tables: 5 })
  })
})
