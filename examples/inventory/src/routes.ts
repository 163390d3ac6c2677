import type { FastifyInstance } from 'fastify'
import { checkout, type Line, type Purchase } from './checkout.ts'
import type { BackOffice, Database } from './database.ts'
import { bookIn, lowStock } from './deliveries.ts'
import { listWarehouse, showStock } from './display.ts'
import { takeBack } from './returns.ts'

const sku = { type: 'string', minLength: 1, maxLength: 40 } as const
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
    requestId: { type: 'string', format: 'uuid' },
    customer: { type: 'string', minLength: 1, maxLength: 200 },
    lines: { type: 'array', minItems: 1, maxItems: 20, items: line },
  },
} as const
/** The largest `integer` of PostgreSQL. */
const LARGEST = 2_147_483_647
const orderId = { type: 'integer', minimum: 1, maximum: LARGEST } as const
const below = { type: 'integer', minimum: 0, maximum: LARGEST, default: 10 } as const

export function addShop(app: FastifyInstance, db: Database): void {
  app.get<{ Params: { sku: string } }>('/stock/:sku', async ({ params }, reply) => {
    return (await showStock(db, params.sku)) ?? reply.code(404).send({ message: 'no such product' })
  })

  app.get<{ Params: { name: string } }>('/warehouses/:name', async ({ params }) =>
    listWarehouse(db, params.name),
  )

  app.post<{ Body: Purchase }>('/orders', { schema: { body: purchase } }, async ({ body }, reply) => {
    const sale = await checkout(db, body)
    return reply.code('short' in sale ? 409 : 201).send(sale)
  })

  app.post<{ Params: { id: number }; Body: Line }>(
    '/orders/:id/returns',
    { schema: { params: { type: 'object', properties: { id: orderId } }, body: line } },
    async ({ params, body }, reply) => {
      if (await takeBack(db, params.id, body)) return reply.code(204).send()
      return reply.code(409).send({ message: 'the order has not so many of it' })
    },
  )
}

export function addBackOffice(app: FastifyInstance, prisma: BackOffice): void {
  app.post<{ Body: Line }>('/deliveries', { schema: { body: line } }, async ({ body }, reply) => {
    if (await bookIn(prisma, body)) return reply.code(204).send()
    return reply.code(404).send({ message: 'no such product' })
  })

  app.get<{ Querystring: { below: number } }>(
    '/low-stock',
    { schema: { querystring: { type: 'object', properties: { below } } } },
    async ({ query }) => lowStock(prisma, query.below),
  )
}
