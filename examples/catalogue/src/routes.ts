import type { Cache } from '@larder/core'
import type { Counter } from '@larder/structures'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { productPage } from './page.ts'
import type { ProductChange, Products } from './products.ts'

/** The largest `integer` of PostgreSQL. */
const LARGEST = 2_147_483_647
const id = { type: 'integer', minimum: 1, maximum: LARGEST } as const
const oneProduct = { type: 'object', properties: { id }, required: ['id'] } as const
const change = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 200 },
    description: { type: 'string', maxLength: 5000 },
    category: { type: 'string', minLength: 1, maxLength: 100 },
    price: { type: 'string', pattern: '^\\d{1,8}(\\.\\d{1,2})?$' },
  },
} as const
const list = {
  type: 'object',
  properties: {
    category: { type: 'string', minLength: 1, maxLength: 100 },
    after: { type: 'integer', minimum: 0, maximum: LARGEST, default: 0 },
  },
} as const

interface OneProduct {
  Params: { id: number }
}

export interface RoutesOptions {
  readonly products: Products
  readonly cache: Cache
  readonly views: Counter | undefined
}

export function addRoutes(app: FastifyInstance, { products, cache, views }: RoutesOptions): void {
  app.get<OneProduct>('/products/:id', { schema: { params: oneProduct } }, async ({ params }, reply) => {
    return (await products.find(params.id)) ?? notFound(reply)
  })

  app.get<{ Querystring: { category?: string; after: number } }>(
    '/products',
    { schema: { querystring: list } },
    async ({ query }) => products.list(query.category, query.after),
  )

  app.get('/categories', async () => products.categories())

  app.get<OneProduct>('/pages/:id', { schema: { params: oneProduct } }, async ({ params }, reply) => {
    const html = await productPage(cache, products, params.id)
    if (html === null) return notFound(reply)
    // Outside the cached function, or only its first reader would count. Nobody waits for it, and a view may be lost.
    views?.add(params.id).catch(() => {})
    return reply.type('text/html; charset=utf-8').send(html)
  })

  app.get<OneProduct>('/products/:id/views', { schema: { params: oneProduct } }, async ({ params }) => ({
    views: await products.views(params.id),
  }))

  // For the merchandiser. It answers when the change is committed, and the next read of anybody shows it.
  app.patch<OneProduct & { Body: ProductChange }>(
    '/products/:id',
    { schema: { params: oneProduct, body: change } },
    async ({ params, body }, reply) => {
      return (await products.change(params.id, body)) ? reply.code(204).send() : notFound(reply)
    },
  )
}

function notFound(reply: FastifyReply): FastifyReply {
  return reply.code(404).send({ message: 'no such product, category or price' })
}
