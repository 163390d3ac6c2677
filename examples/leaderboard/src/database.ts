import type { Cache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import * as schema from './schema.ts'

export type Database = PgDatabase<PgQueryResultHKT, typeof schema>

/** Reports are read all day, and change when a slice is archived. */
export function openDatabase(db: Database, cache: Cache): Database {
  return drizzleCache(db, { cache, schema, tables: { '*': { ttl: '1h', staleWhileRevalidate: '5m' } } })
}
