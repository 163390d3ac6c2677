import type { Cache } from '@larder/core'
import { prismaCache } from '@larder/prisma'
import type { PrismaClient } from '../../../prisma/generated/client/client.ts'
import { datamodel } from '../../../prisma/generated/larder.ts'
import { softDelete } from './soft-delete.ts'

const models = { Post: { ttl: '10m' } } as const

/** The cache is put on last, as the guide recommends. */
function cacheLast(prisma: PrismaClient, cache: Cache) {
  return prisma.$extends(softDelete).$extends(prismaCache({ cache, datamodel, models }))
}

/** The cache is put on first. */
function cacheFirst(prisma: PrismaClient, cache: Cache) {
  return prisma.$extends(prismaCache({ cache, datamodel, models })).$extends(softDelete)
}

export const orders = { 'soft delete, then cache': cacheLast, 'cache, then soft delete': cacheFirst } as const
export type Order = keyof typeof orders
