import { type Cache, type CacheOptions, createCache, type PolicyOptions } from '@larder/core'
import { prismaCache } from '@larder/prisma'
import type { PrismaClient } from '../../prisma/generated/client/client.ts'
import { datamodel } from '../../prisma/generated/larder.ts'

/** Every model cached, the view with its source: what most tests here put on a client. */
export const EVERY_MODEL: Readonly<Record<string, PolicyOptions>> = {
  '*': { ttl: '1h' },
  AuthorStat: { ttl: '1h', reads: ['Post'] },
}

interface CachedOptions {
  readonly cache?: Cache
  readonly options?: CacheOptions
  readonly models?: Readonly<Record<string, PolicyOptions>>
  readonly database?: string
  /** False: the client goes without. */
  readonly datamodel?: typeof datamodel | false
}

/** A client with the extension, and its cache. The extension keeps the client's type; tests see only that. */
export function cachedClient(base: PrismaClient, cachedOptions: CachedOptions = {}) {
  const cache = cachedOptions.cache ?? createCache(cachedOptions.options)
  const common = { cache, ...(cachedOptions.database && { database: cachedOptions.database }) }
  const models = cachedOptions.models ?? EVERY_MODEL
  const extension =
    cachedOptions.datamodel === false
      ? prismaCache({ ...common, models })
      : prismaCache({ ...common, models, datamodel: cachedOptions.datamodel ?? datamodel })
  return { cache, client: base.$extends(extension) }
}

export type CachedClient = ReturnType<typeof cachedClient>['client']
