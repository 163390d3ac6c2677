import type { Cache } from '@larder/core'
import { prismaCache } from '@larder/prisma'
import type { PrismaClient } from '../../../../prisma/generated/client/client.ts'
import { datamodel } from '../../../../prisma/generated/larder.ts'
import { type Blog, Undo } from './blog.ts'

/** No call names a key, and no write names what it makes stale. */
export function blogAfter(base: PrismaClient, cache: Cache): Blog {
  const prisma = base.$extends(
    prismaCache({
      cache,
      datamodel,
      models: {
        Post: { ttl: '60s', staleWhileRevalidate: '30s' },
        User: { ttl: '30s', staleWhileRevalidate: '30s' },
      },
    }),
  )
  return {
    posts: () => prisma.post.findMany({ where: { published: true }, orderBy: { id: 'asc' } }),
    bylines: () =>
      prisma.post.findMany({
        where: { published: true },
        select: { title: true, author: { select: { name: true } } },
        orderBy: { id: 'asc' },
      }),
    numbers: async () => [
      await prisma.post.count({ where: { published: true } }),
      await prisma.post.groupBy({ by: ['authorId'], _count: { _all: true }, orderBy: { authorId: 'asc' } }),
    ],
    user: (id) => prisma.user.findUnique({ where: { id } }),
    account: (id) => prisma.$cached(false).user.findUnique({ where: { id }, select: { email: true } }),
    author: (id) =>
      prisma.$cached({ ttl: '10m' }).user.findUniqueOrThrow({
        where: { id },
        select: {
          id: true,
          name: true,
          createdAt: true,
          posts: { select: { title: true }, orderBy: { id: 'asc' } },
        },
      }),
    async rename(id, name) {
      await prisma.user.update({ where: { id }, data: { name } })
    },
    async publish(authorId, title) {
      await prisma.post.create({ data: { title, published: true, authorId } })
    },
    async removeDrafts() {
      await prisma.post.deleteMany({ where: { published: false } })
    },
    async failToRename(id, name) {
      const failing = prisma.$transaction(async (tx) => {
        await tx.user.update({ where: { id }, data: { name } })
        await tx.user.findUnique({ where: { id } })
        throw new Undo()
      })
      await failing.catch((error: unknown) => {
        if (!(error instanceof Undo)) throw error
      })
    },
    async usersChanged() {
      await prisma.$cache.invalidate({ models: ['User'] })
    },
  }
}
