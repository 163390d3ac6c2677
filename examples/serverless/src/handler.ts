import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { valkeyStore } from '@larder/valkey'
import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import * as schema from './schema.ts'

const { env } = process

// Once per instance: the platform keeps the module loaded between requests.
const pool = new pg.Pool({ connectionString: env.DATABASE_URL, max: 1 })
// A frozen instance does not notice that its connection is closed.
pool.on('error', () => {})
const cache = createCache({
  namespace: 'serverless',
  // Instances come and go, and each of them writes: they share a server.
  store: valkeyStore(env.VALKEY_URL ?? ''),
  // A write resolves when its invalidation is acknowledged. Nothing of it is left for after the response.
  finish: 'await',
})
const db = drizzleCache(drizzle(pool, { schema }), {
  cache,
  schema,
  tables: { products: { ttl: '10m' } },
})

export interface Request {
  readonly method: string
  readonly path: string
  readonly body?: string
}

export interface Response {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Answers one request, as a function of a serverless platform does. It may be frozen as soon as it has answered. */
export async function handler({ method, path, body = '{}' }: Request): Promise<Response> {
  const id = Number(/^\/products\/(\d{1,9})$/.exec(path)?.[1])
  if (Number.isNaN(id)) return failure(404, 'not found')
  const price = method === 'PATCH' ? priceIn(body) : undefined
  if (method === 'PATCH' && price === undefined) return failure(400, 'give a price: { "price": 3 }')
  const one = eq(schema.products.id, id)
  const { result, reads } = await cache.explain(async () => {
    if (price === undefined) return db.select().from(schema.products).where(one)
    return db.update(schema.products).set({ price }).where(one).returning()
  })
  const headers = {
    'content-type': 'application/json',
    'x-larder': reads.map(({ source, reason }) => [source, reason].filter(Boolean).join(' ')).join(),
  }
  return { status: result[0] ? 200 : 404, headers, body: JSON.stringify(result[0] ?? { error: 'not found' }) }
}

function failure(status: number, error: string): Response {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ error }) }
}

function priceIn(body: string): number | undefined {
  try {
    const { price } = JSON.parse(body) as { price?: unknown }
    return Number.isSafeInteger(price) ? Number(price) : undefined
  } catch {
    return undefined
  }
}
