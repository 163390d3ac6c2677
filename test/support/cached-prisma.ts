import type { Cache, CacheOptions } from '@larder/core'
import type { WatchedAdapter } from '@larder/testing'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import type { PrismaClient } from '../../prisma/generated/client/client.ts'
import { populate } from '../workload/prisma/rows.ts'
import { type CachedClient, cachedClient } from './cached-client.ts'
import { startPostgresDatabase, type TestDatabase } from './databases.ts'

/** A database of one test file, and a client with a cache that is built anew for each test. */
export interface CachedPrisma {
  readonly database: TestDatabase
  /** A client without a cache. */
  readonly plain: PrismaClient
  readonly prisma: CachedClient
  /** What `prisma` sends. */
  readonly watched: WatchedAdapter
  readonly cache: Cache
  /** Replaces `prisma`, `watched` and `cache`. */
  build(options?: CacheOptions, more?: Parameters<typeof cachedClient>[1]): void
  /** Reads a row of stock by its id. */
  stock(id?: number): Promise<{ readonly id: number; readonly sku: string; readonly quantity: number }>
  setQuantity(quantity: number, id?: number): ReturnType<CachedClient['stock']['update']>
  /** Where each read of a call came from: the reason of a miss or bypass, else the source. */
  sourcesOf(read: () => PromiseLike<unknown>): Promise<string>
}

/** Call it at the top of a test file. Row 1 of stock has quantity 0 before each test. */
export function cachedPrisma(): CachedPrisma {
  const here = {
    build(options: CacheOptions = {}, more: Parameters<typeof cachedClient>[1] = {}): void {
      const base = here.database.client()
      const { client, cache } = cachedClient(base.client, { options, ...more })
      Object.assign(here, { prisma: client, watched: base.watched, cache })
    },
    stock: (id = 1) => here.prisma.stock.findUniqueOrThrow({ where: { id } }),
    setQuantity: (quantity: number, id = 1) =>
      here.prisma.stock.update({ where: { id }, data: { quantity } }),
    async sourcesOf(read: () => PromiseLike<unknown>): Promise<string> {
      const { reads } = await here.cache.explain(read)
      return reads
        .map(({ source, reason, shared }) => `${reason ?? source}${shared ? ', shared' : ''}`)
        .join('; ')
    },
  } as unknown as { -readonly [Name in keyof CachedPrisma]: CachedPrisma[Name] }

  beforeAll(async () => {
    here.database = await startPostgresDatabase()
    here.plain = here.database.client().client
    await populate(here.plain, here.database.run)
  })
  afterAll(() => here.database.stop())
  beforeEach(async () => {
    here.build()
    await here.plain.stock.updateMany({ data: { quantity: 0, version: 0 } })
    await here.plain.user.updateMany({ where: { id: 1 }, data: { name: 'n1' } })
  })
  return here
}
