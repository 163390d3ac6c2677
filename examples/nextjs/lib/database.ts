import { createCache, memoryStore } from '@larder/core'
import { prismaCache } from '@larder/prisma'
import { valkeyStore } from '@larder/valkey'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from './generated/client/client'
import { datamodel } from './generated/larder'

const { DATABASE_URL, VALKEY_URL } = process.env

function openDatabase() {
  const cache = createCache({
    namespace: 'nextjs',
    store: VALKEY_URL ? valkeyStore(VALKEY_URL) : memoryStore(),
  })
  const client = new PrismaClient({ adapter: new PrismaPg({ connectionString: DATABASE_URL, max: 5 }) })
  const prisma = client.$extends(
    // The copies of this module that Next.js makes have clients of their own. With a name they share entries at once.
    prismaCache({ cache, datamodel, database: 'shop', models: { Product: { ttl: '10m' } } }),
  )
  return { cache, prisma }
}

/**
 * A hot reload evaluates this module again, but `globalThis` stays. Without this, each reload would open another pool and
 * another connection to Valkey, and leave both open.
 */
const shared = globalThis as typeof globalThis & { database?: ReturnType<typeof openDatabase> }
shared.database ??= openDatabase()

export const { cache, prisma } = shared.database
