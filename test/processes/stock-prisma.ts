import { prismaCache } from '@larder/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '../../prisma/generated/client/client.ts'
import { datamodel } from '../../prisma/generated/larder.ts'
import type { StockClient, StockClientOptions } from './stock-client.ts'

export function openPrisma({ cache, connectionString, policy, max }: StockClientOptions): StockClient {
  const client = new PrismaClient({ adapter: new PrismaPg({ connectionString, max }) })
  const db = client.$extends(prismaCache({ cache, datamodel, models: { Stock: policy } }))
  const increment = { version: { increment: 1 } } as const
  return {
    read: async (id) => (await db.stock.findUnique({ where: { id } }))?.version ?? -1,
    raise(id, beforeCommit) {
      if (!beforeCommit) return db.stock.updateMany({ where: { id }, data: increment })
      return db.$transaction(
        async (tx) => {
          await tx.stock.update({ where: { id }, data: increment })
          await beforeCommit()
        },
        // Prisma waits two seconds for a connection, which a busy machine may take.
        { maxWait: 60_000, timeout: 120_000 },
      )
    },
  }
}
