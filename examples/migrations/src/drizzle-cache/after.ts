import type { Cache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { drizzle } from 'drizzle-orm/node-postgres'
import type pg from 'pg'
import * as schema from './schema.ts'
import { createShop, type Shop } from './shop.ts'

/** `autoInvalidate: false` is gone: a write refreshes what it changed, and nothing else. */
export function shopAfter(pool: pg.Pool, cache: Cache): Shop {
  const db = drizzleCache(drizzle(pool, { schema }), { cache, schema, tables: { '*': { ttl: '60s' } } })
  return createShop(db)
}
