import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { createClient } from '@libsql/client'
import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/libsql'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

const item = sqliteTable('item', { id: integer('id').primaryKey(), name: text('name').notNull() })
const client = createClient({ url: process.env.DATABASE_URL })
const cache = createCache({ namespace: 'next-app' })
const db = drizzleCache(drizzle(client, { schema: { item } }), {
  cache,
  database: 'next-app',
  tables: { '*': { ttl: '1h' } },
})

/** Differs in each instance that Next.js makes of this module. */
const copy = Math.random().toString(36).slice(2)

export async function readItem() {
  const { result, reads } = await cache.explain(() => db.select().from(item).where(eq(item.id, 1)))
  return { copy, name: result[0]?.name, source: reads[0]?.source }
}

export async function writeItem(name) {
  await db.update(item).set({ name }).where(eq(item.id, 1))
  return { copy }
}
