import type { Cache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import * as schema from './schema.ts'

export type Database = PgDatabase<PgQueryResultHKT, typeof schema>

/** The only db of this service. */
export function openDatabase(db: Database, cache: Cache): Database {
  return drizzleCache(db, { cache, schema, tables: { products: { ttl: '10m', write: 'through' } } })
}
