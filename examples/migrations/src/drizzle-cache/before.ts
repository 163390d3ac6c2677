import { drizzle } from 'drizzle-orm/node-postgres'
import type { Redis } from 'iovalkey'
import type pg from 'pg'
import * as schema from './schema.ts'
import { createShop, type Shop } from './shop.ts'
import { ValkeyCache } from './valkey-cache.ts'

/** @param prefix of all keys. */
export function shopBefore(pool: pg.Pool, redis: Redis, prefix: string): Shop {
  const db = drizzle(pool, { schema, cache: new ValkeyCache(redis, prefix) })
  return createShop(db, { autoInvalidate: false })
}
