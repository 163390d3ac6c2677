import type { Cache } from '@larder/core'
import { cached, drizzleCache } from '@larder/drizzle'
import { defineRelations } from 'drizzle-orm'
import { drizzle as libsql } from 'drizzle-orm/libsql'
import { drizzle as nodePostgres } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { drizzle as pglite } from 'drizzle-orm/pglite'

// Compiled, but never run.
declare const cache: Cache
const users = pgTable('users', { id: integer().primaryKey(), name: text() })
const posts = pgTable('posts', { id: integer().primaryKey(), userId: integer().notNull() })
const schema = { users, posts }
const relations = defineRelations(schema, (r) => ({
  users: { posts: r.many.posts({ from: r.users.id, to: r.posts.userId }) },
}))

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const holds = <_Check extends true>(): void => {}

const plain = nodePostgres({ connection: 'postgres://localhost', relations })
const db = drizzleCache(plain, { cache, schema, tables: { users: { ttl: '10m' }, '*': { ttl: '1m' } } })
holds<Same<typeof db, typeof plain>>()
const under = cached(db, { ttl: '30s' })
holds<Same<typeof under, typeof plain>>()

const found = await db.query.users.findFirst({ where: { id: 1 }, with: { posts: true } })
const ids: readonly number[] | undefined = found?.posts.map((post) => post.userId)

const small = drizzleCache(pglite({ relations }), { cache, schema })
const rows: readonly { id: number; name: string | null }[] = await small.select().from(users)
const remote = libsql({ connection: { url: 'file:x' } })
const same = drizzleCache(remote, { cache, schema: {} })
holds<Same<typeof same, typeof remote>>()

// @ts-expect-error a table that the schema does not export
drizzleCache(plain, { cache, schema, tables: { user: { ttl: '10m' } } })
// @ts-expect-error not a duration
drizzleCache(plain, { cache, schema, tables: { users: { ttl: '10 minutes' } } })

export { ids, rows }
