import type { Cache } from '@larder/core'
import { withAccelerate } from '@larder/prisma/accelerate'
import type { PrismaPGlite } from 'pglite-prisma-adapter'
import { PrismaClient } from '../../../../prisma/generated/client/client.ts'
import { datamodel } from '../../../../prisma/generated/larder.ts'

export const connectAfter = (adapter: PrismaPGlite, cache: Cache) =>
  new PrismaClient({ adapter }).$extends(withAccelerate({ cache, datamodel }))

export type Db = ReturnType<typeof connectAfter>
