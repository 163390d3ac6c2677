import type { Cache } from '@larder/core'
import { withAccelerate } from '@larder/prisma/accelerate'
import type { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '../../../../prisma/generated/client/client.ts'
import { datamodel } from '../../../../prisma/generated/larder.ts'

export const connectAfter = (adapter: PrismaPg, cache: Cache) =>
  new PrismaClient({ adapter }).$extends(withAccelerate({ cache, datamodel }))

export type Db = ReturnType<typeof connectAfter>
