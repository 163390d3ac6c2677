import type { Cache } from '@larder/core'
import type { Counter } from '@larder/structures'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { productPage } from './page.ts'
import type { ProductChange, Products } from './products.ts'

/** Types are exact, so a number in a URL is text until its handler converts it. Each number fits an `integer` of PostgreSQL. */
export const formats = {
  id: /^[1-9]\d{0,8}$/,
  offset: /^\d{1,9}$/,
  price: /^\d{1,8}(\.\d{1,2})?$/,
  // PostgreSQL refuses a NUL character, and half of a surrogate pair would come back as another character.
  printable: /^[^\p{Cc}\p{Cs}]+$/u,
  'printable-lines': /^[^\0\p{Cs}]*$/u,
}
const oneProduct = {
  type: 'object',
  properties: { id: { type: 'string', format: 'id' } },
  required: ['id'],
} as const
const category = { type: 'string', format: 'printable', maxLength: 100 } as const
const change = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    name: { type: 'string', format: 'printable', maxLength: 200 },
    description: { type: 'string', format: 'printable-lines', maxLength: 5000 },
    category,
    price: { type: 'string', format: 'price' },
  },
} as const
const list = {
  type: 'object',
  properties: { category, after: { type: 'string', format: 'offset', default: '0' } },
} as const

interface OneProduct {
  Params: { id: string }
}

export interface RoutesOptions {
  readonly products: Products
  readonly cache: Cache
  readonly views: Counter | undefined
}

export function addRoutes(app: FastifyInstance, { products, cache, views }: RoutesOptions): void {
  app.get<OneProduct>('/products/:id', { schema: { params: oneProduct } }, async ({ params }, reply) => {
    return (await products.find(Number(params.id))) ?? notFound(reply)
  })

  app.get<{ Querystring: { category?: string; after: string } }>(
    '/products',
    { schema: { querystring: list } },
    async ({ query }) => products.list(query.category, Number(query.after)),
  )

  app.get('/categories', async () => products.categories())

  app.get<OneProduct>('/pages/:id', { schema: { params: oneProduct } }, async ({ params }, reply) => {
    const html = await productPage(cache, products, Number(params.id))
    if (html === null) return notFound(reply)
    // Outside the cached function, or only its first reader would count. Nobody waits for it, and a view may be lost.
    views?.add(params.id).catch(() => {})
    return reply.type('text/html; charset=utf-8').send(html)
  })

  app.get<OneProduct>('/products/:id/views', { schema: { params: oneProduct } }, async ({ params }) => ({
    views: await products.views(Number(params.id)),
  }))

  // For the merchandiser. It answers when the change is committed, and the next read of anybody shows it.
  app.patch<OneProduct & { Body: ProductChange }>(
    '/products/:id',
    { schema: { params: oneProduct, body: change } },
    async ({ params, body }, reply) => {
      return (await products.change(Number(params.id), body)) ? reply.code(204).send() : notFound(reply)
    },
  )
}

function notFound(reply: FastifyReply): FastifyReply {
  return reply.code(404).send({ message: 'no such product, category or price' })
}
