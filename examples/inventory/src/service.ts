import { createCache } from '@larder/core'
import type { Store } from '@larder/core/store'
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import { type Database, openBackOffice, openShop } from './database.ts'
import { addBackOffice, addShop, formats } from './routes.ts'

export interface InventoryOptions {
  /** A plain db of Drizzle and an adapter for Prisma, both to the same database. */
  readonly db: Database
  readonly adapter: SqlDriverAdapterFactory
  readonly store: Store
  /** Prefix of every key: one for each application and environment. */
  readonly namespace?: string
  /** `false`: every read goes to the database, and writes still invalidate. */
  readonly enabled?: boolean
  /** Writes what fails to stdout, as lines of JSON. */
  readonly log?: boolean
}

/** The service, ready to listen. `close()` of it closes what it opened. */
export async function createInventory(options: InventoryOptions): Promise<FastifyInstance> {
  const { store, namespace = 'inventory', enabled = true, log = false } = options
  // One cache for both clients: a write through either invalidates what the other has cached.
  const cache = createCache({ store, namespace, enabled, version: '1' })
  const prisma = openBackOffice(options.adapter, cache)
  let cacheState = 'ready'
  cache.on('store-state', ({ state }) => {
    cacheState = state
  })

  // Neither drops an unknown field nor converts a value of another type: both are errors.
  const app = fastify({
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, formats } },
    logger: log && { level: 'warn' },
  })
  // The message of an unexpected error names SQL and its parameters: that is for the log.
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    if ((error.statusCode ?? 500) < 500) return reply.send(error)
    request.log.error(error)
    return reply.code(500).send({ message: 'internal error' })
  })
  addShop(app, openShop(options.db, cache))
  addBackOffice(app, prisma)
  // Always 200: without its cache the service is slower, and not down.
  app.get('/health', async () => ({ cache: cacheState }))
  app.get('/stats', async () => cache.stats())
  app.addHook('onClose', async () => {
    await prisma.$disconnect()
    // After the last write, and so last.
    await cache.close()
  })
  return app
}
