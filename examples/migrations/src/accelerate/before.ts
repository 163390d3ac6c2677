import type { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '../../../../prisma/generated/client/client.ts'
// In an application: '@prisma/extension-accelerate'
import { withAccelerate } from './accelerate-offline.ts'

/** In an application, `accelerateUrl` stands in the place of `adapter`. */
export const connectBefore = (adapter: PrismaPg) => new PrismaClient({ adapter }).$extends(withAccelerate())
