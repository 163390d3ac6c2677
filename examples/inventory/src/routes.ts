import type { FastifyInstance } from 'fastify'
import { checkout, type Line, type Purchase } from './checkout.ts'
import type { BackOffice, Database } from './database.ts'
import { bookIn, lowStock } from './deliveries.ts'
import { listWarehouse, showStock } from './display.ts'
import { takeBack } from './returns.ts'

/** Types are exact, so a number in a URL is text until its handler converts it. Each number fits an `integer` of PostgreSQL. */
export const formats = {
  id: /^[1-9]\d{0,8}$/,
  count: /^\d{1,9}$/,
  // PostgreSQL refuses a NUL character, and half of a surrogate pair would come back as another character.
  printable: /^[^\p{Cc}\p{Cs}]+$/u,
}
const sku = { type: 'string', format: 'printable', maxLength: 40 } as const
const line = {
  type: 'object',
  additionalProperties: false,
  required: ['sku', 'quantity'],
  properties: { sku, quantity: { type: 'integer', minimum: 1, maximum: 1000 } },
} as const
const purchase = {
  type: 'object',
  additionalProperties: false,
  required: ['requestId', 'customer', 'lines'],
  properties: {
    // The format allows the prefix `urn:uuid:`, which PostgreSQL does not.
    requestId: { type: 'string', format: 'uuid', maxLength: 36 },
    customer: { type: 'string', format: 'printable', maxLength: 200 },
    lines: { type: 'array', minItems: 1, maxItems: 20, items: line },
  },
} as const
const oneProduct = { type: 'object', properties: { sku } } as const
const oneWarehouse = {
  type: 'object',
  properties: { name: { type: 'string', format: 'printable', maxLength: 40 } },
} as const
const oneOrder = { type: 'object', properties: { id: { type: 'string', format: 'id' } } } as const
const few = {
  type: 'object',
  properties: { below: { type: 'string', format: 'count', default: '10' } },
} as const

export function addShop(app: FastifyInstance, db: Database): void {
  app.get<{ Params: { sku: string } }>(
    '/stock/:sku',
    { schema: { params: oneProduct } },
    async ({ params }, reply) => {
      return (await showStock(db, params.sku)) ?? reply.code(404).send({ message: 'no such product' })
    },
  )

  app.get<{ Params: { name: string } }>(
    '/warehouses/:name',
    { schema: { params: oneWarehouse } },
    async ({ params }) => listWarehouse(db, params.name),
  )

  app.post<{ Body: Purchase }>('/orders', { schema: { body: purchase } }, async ({ body }, reply) => {
    const sale = await checkout(db, body)
    if (sale === 'request id in use')
      return reply.code(409).send({
        message: 'this requestId placed an order with another customer or other lines: choose a new one',
      })
    if ('short' in sale) return reply.code(409).send({ message: 'not enough in stock', ...sale })
    return reply.code(201).send(sale)
  })

  app.post<{ Params: { id: string }; Body: Line }>(
    '/orders/:id/returns',
    { schema: { params: oneOrder, body: line } },
    async ({ params, body }, reply) => {
      if (await takeBack(db, Number(params.id), body)) return reply.code(204).send()
      return reply
        .code(409)
        .send({ message: 'no such order, or fewer pieces than that are with the customer' })
    },
  )
}

export function addBackOffice(app: FastifyInstance, prisma: BackOffice): void {
  app.post<{ Body: Line }>('/deliveries', { schema: { body: line } }, async ({ body }, reply) => {
    if (await bookIn(prisma, body)) return reply.code(204).send()
    return reply.code(404).send({ message: 'no such product, or more pieces than can be counted' })
  })

  app.get<{ Querystring: { below: string } }>(
    '/low-stock',
    { schema: { querystring: few } },
    async ({ query }) => lowStock(prisma, Number(query.below)),
  )
}
