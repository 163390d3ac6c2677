import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '../../../../prisma/generated/client/client.ts'

/** A client whose model of batches has a second column without a default: it fills that. */
export const prismaOf = (connectionString: string) =>
  new PrismaClient({ adapter: new PrismaPg({ connectionString }) }).$extends({
    query: {
      setting: {
        create: ({ args, query }) => query({ ...args, data: { ...args.data, value: 'a batch' } }),
      },
    },
  })
