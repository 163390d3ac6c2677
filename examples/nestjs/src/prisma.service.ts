import type { Cache } from '@larder/core'
import { type CachedTransaction, prismaCache } from '@larder/prisma'
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { PrismaClient } from './generated/client/client.js'
import { datamodel } from './generated/larder.js'

/** The only client of this application. */
export function openDatabase(adapter: SqlDriverAdapterFactory, cache: Cache) {
  return new PrismaClient({ adapter }).$extends(
    prismaCache({ cache, datamodel, models: { Product: { ttl: '10m', write: 'through' } } }),
  )
}

type Database = ReturnType<typeof openDatabase>

/** The token by which Nest injects the client. As a type, it is the client. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the factory of the provider makes the object
export abstract class PrismaService {}
export interface PrismaService extends Database {}

/** For functions that run in a transaction. */
export type Tx = CachedTransaction<Database>
