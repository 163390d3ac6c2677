import { createCache } from '@larder/core'
import type { Store } from '@larder/core/store'
import { createLeaderboard, createLock } from '@larder/structures'
import fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import type { Redis } from 'iovalkey'
import { archiveClosed } from './archive.ts'
import { type Database, openDatabase } from './database.ts'
import { createRecovery } from './recovery.ts'
import { addRoutes, formats } from './routes.ts'

export interface LeaderboardOptions {
  /** A client of the Valkey that keeps the board. The service closes it. */
  readonly client: Redis
  /** A plain db of Drizzle, for the archive. */
  readonly db: Database
  /** For the cache of the reports. It may be on the same server. */
  readonly store: Store
  readonly name?: string
  /** How long a score counts (ms). */
  readonly window?: number
  /** Parts of the window. What is not archived yet, one of them at most, is what Valkey can lose. */
  readonly slices?: number
  /** Pause between two runs of the archive (ms). */
  readonly archiveEvery?: number
  /** Writes what fails to stdout, as lines of JSON. */
  readonly log?: boolean
}

const DAY = 86_400_000

/** The service, ready to listen. `close()` of it closes what it was given and what it opened. */
export async function createLeaderboardService(options: LeaderboardOptions): Promise<FastifyInstance> {
  const { client, name = 'daily', window = DAY, slices = 288, archiveEvery = 30_000, log = false } = options
  const cache = createCache({ namespace: `reports-${name}`, store: options.store, version: '1' })
  const db = openDatabase(options.db, cache)
  const board = createLeaderboard(client, { name, window, slices, size: 100 })
  const recovery = createRecovery(client, board, db, { checkpoint: `leaderboard:${name}:checkpoint`, window })
  const lock = createLock(client, { prefix: `leaderboard:${name}:lock` })

  // Neither drops an unknown field nor converts a value of another type: both are errors.
  const app = fastify({
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, formats } },
    logger: log && { level: 'warn' },
  })
  // The message of an unexpected error names SQL and its parameters: that is for the log.
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    if (error.statusCode !== undefined && error.statusCode !== 500) return reply.send(error)
    request.log.error(error)
    return reply.code(500).send({ message: 'internal error' })
  })
  addRoutes(app, { board, recovery, db })
  app.get('/stats', async () => cache.stats())

  let archiving: Promise<unknown> = Promise.resolve()
  const schedule = setInterval(() => {
    // What fails now is delivered again next time.
    archiving = archiving
      // First: an old snapshot may have come back, and its slices are about to be archived.
      .then(() => recovery.check())
      .then(() => archiveClosed(db, board, lock))
      .catch((error: unknown) => app.log.error(error))
  }, archiveEvery)
  app.addHook('onClose', async () => {
    clearInterval(schedule)
    await archiving
    await cache.close()
    client.disconnect()
  })
  return app
}
