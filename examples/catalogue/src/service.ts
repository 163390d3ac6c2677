import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import type { Redis } from 'iovalkey'
import { type CacheSettings, openCache } from './cache.ts'
import { openDatabase } from './database.ts'
import { createProducts } from './products.ts'
import { REGIONS, type Region, region } from './region.ts'
import { addRoutes, formats } from './routes.ts'
import { countViews } from './views.ts'

export interface CatalogueOptions extends CacheSettings {
  readonly adapter: SqlDriverAdapterFactory
  /** A client of a Valkey that keeps views until they are written. The service closes it. Without it, nobody counts. */
  readonly client?: Redis | undefined
  /** Writes what fails to stdout, as lines of JSON. */
  readonly log?: boolean
}

/** The service, ready to listen. `close()` of it closes what it opened. */
export async function createCatalogue({
  adapter,
  client,
  log = false,
  ...settings
}: CatalogueOptions): Promise<FastifyInstance> {
  const cache = openCache(settings)
  const db = openDatabase(adapter, cache)
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

  // Regions are checked here, so that nobody fills the cache with regions that do not exist.
  app.addHook('preHandler', (request, reply, done) => {
    const wanted = request.headers['x-region'] ?? 'eu'
    if (!isRegion(wanted)) {
      reply.code(400).send({ message: `x-region is one of ${REGIONS.join(', ')}` })
      return
    }
    region.run(wanted, done)
  })
  const views = client && countViews(client, db)
  views?.start()
  addRoutes(app, { products: createProducts(db), cache, views })
  // Always 200: without its cache the service is slower, and not down.
  app.get('/health', async () => ({ cache: cacheState }))
  app.get('/stats', async () => cache.stats())
  app.addHook('onClose', async () => {
    await views?.stop()
    client?.disconnect()
    await db.$disconnect()
    // After the last write, and so last.
    await cache.close()
  })
  return app
}

const isRegion = (text: string | string[]): text is Region => (REGIONS as readonly unknown[]).includes(text)
