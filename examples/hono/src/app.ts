import type { Cache } from '@larder/core'
import { asc, eq } from 'drizzle-orm'
import { Hono } from 'hono'
import type { Database } from './database.ts'
import { products } from './schema.ts'

/** The routes. What they read comes from the cache, what they write invalidates it. */
export function createApp(db: Database, cache: Cache): Hono {
  const app = new Hono()

  // Says where each read of a request came from: for people who try this out, not for production.
  app.use(async (c, next) => {
    const { reads } = await cache.explain(next)
    if (reads.length > 0) c.header('x-larder', reads.map(({ source }) => source).join())
  })

  app.get('/products', async (c) => c.json(await db.select().from(products).orderBy(asc(products.id))))

  app.get('/products/:id', async (c) => {
    const id = Number(c.req.param('id'))
    const [product] = await db.select().from(products).where(eq(products.id, id))
    return product ? c.json(product) : c.notFound()
  })

  app.patch('/products/:id', async (c) => {
    const id = Number(c.req.param('id'))
    const { price } = await c.req.json<{ price: number }>()
    const [product] = await db.update(products).set({ price }).where(eq(products.id, id)).returning()
    return product ? c.json(product) : c.notFound()
  })

  return app
}
