import { type Cache, createCache } from '@larder/core'
import { prismaCache } from '@larder/prisma'
import type { PrismaClient } from '../../../prisma/generated/client/client.ts'
import { datamodel } from '../../../prisma/generated/larder.ts'
import type { Place } from './store.ts'
import { type Strikes, strikesOf } from './strikes.ts'

/** The lines the demo ends with; a test requires that they stand in this file as they are printed. */
export const FOUR_LINES = [
  "const models = { Strike: { ttl: '10m' } } as const",
  'const cache = createCache({ store, namespace })',
  'const larder = prismaCache({ cache, datamodel, models })',
  'const db = prisma.$extends(larder)',
] as const

/** The same catalogue behind a cache. Close the cache when done: it closes the store. */
export function cachedStrikes(
  prisma: PrismaClient,
  { store, namespace }: Pick<Place, 'store' | 'namespace'>,
): { readonly strikes: Strikes; readonly cache: Cache } {
  const models = { Strike: { ttl: '10m' } } as const
  const cache = createCache({ store, namespace })
  const larder = prismaCache({ cache, datamodel, models })
  const db = prisma.$extends(larder)
  return { strikes: strikesOf(db), cache }
}
