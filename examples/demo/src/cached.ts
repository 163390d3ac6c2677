import { type Cache, createCache } from '@larder/core'
import { prismaCache } from '@larder/prisma'
import type { PrismaClient } from '../../../prisma/generated/client/client.ts'
import { datamodel } from '../../../prisma/generated/larder.ts'
import { type Strikes, strikesOf } from './strikes.ts'

/** The lines the demo ends with; a test requires that they stand in this file as they are printed. */
export const THREE_LINES = [
  "const cache = createCache({ defaults: { ttl: '10m' } })",
  'const larder = { cache, datamodel, models: { Strike: {} } }',
  'const db = prisma.$extends(prismaCache(larder))',
] as const

/** The same catalogue behind a cache. Close the cache when done. */
export function cachedStrikes(prisma: PrismaClient): { readonly strikes: Strikes; readonly cache: Cache } {
  const cache = createCache({ defaults: { ttl: '10m' } })
  const larder = { cache, datamodel, models: { Strike: {} } }
  const db = prisma.$extends(prismaCache(larder))
  return { strikes: strikesOf(db), cache }
}
