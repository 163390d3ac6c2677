import type { Cache } from '@larder/core'
import { prismaCache } from '@larder/prisma'
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { catalogued } from './cache.ts'
import { PrismaClient } from './generated/client/client.ts'
import { datamodel } from './generated/larder.ts'

/** The only client of this service: what goes through another one, the cache learns of later, or not at all. */
export function openDatabase(adapter: SqlDriverAdapterFactory, cache: Cache) {
  const client = new PrismaClient({ adapter })
  return client.$extends(
    prismaCache({
      cache,
      datamodel,
      models: {
        // Written every second for products that are being looked at. Its readers live with half a minute.
        ProductViews: { ttl: '30s', write: 'around' },
        '*': catalogued,
      },
    }),
  )
}

export type Database = ReturnType<typeof openDatabase>
