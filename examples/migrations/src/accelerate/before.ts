import type { PrismaPGlite } from 'pglite-prisma-adapter'
import { PrismaClient } from '../../../../prisma/generated/client/client.ts'
// In an application: '@prisma/extension-accelerate'
import { withAccelerate } from './accelerate-offline.ts'

/** In an application, `accelerateUrl` stands in the place of `adapter`. */
export const connectBefore = (adapter: PrismaPGlite) =>
  new PrismaClient({ adapter }).$extends(withAccelerate())
