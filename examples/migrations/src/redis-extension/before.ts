import type { Redis } from 'iovalkey'
import { PrismaExtensionRedis } from 'prisma-extension-redis'
import type { PrismaClient } from '../../../../prisma/generated/client/client.ts'
import { type Blog, Undo } from './blog.ts'

/** @param prefix of all keys. */
export function blogBefore(base: PrismaClient, redis: Redis, prefix: string): Blog {
  const prisma = base.$extends(
    PrismaExtensionRedis({
      config: {
        ttl: 60,
        stale: 0,
        type: 'STRING',
        cacheKey: { prefix },
        auto: {
          ttl: 60,
          stale: 30,
          invalidateOnWrite: true,
          includedModels: ['User', 'Post'],
          models: [{ model: 'User', ttl: 30 }],
        },
      },
      client: redis,
    }),
  )
  const pageKey = (id: number) => prisma.getKey({ params: [{ [prefix]: 'page' }, { author: String(id) }] })
  const anyPage = prisma.getKeyPattern({ params: [{ [prefix]: 'page' }, { glob: '*' }] })
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
    account: (id) => prisma.user.findUnique({ where: { id }, select: { email: true }, cache: false }),
    author: (id) =>
      prisma.user.findUniqueOrThrow({
        where: { id },
        select: {
          id: true,
          name: true,
          createdAt: true,
          posts: { select: { title: true }, orderBy: { id: 'asc' } },
        },
        cache: { ttl: 600, key: pageKey(id) },
      }),
    async rename(id, name) {
      await prisma.user.update({ where: { id }, data: { name }, uncache: { uncacheKeys: [pageKey(id)] } })
    },
    async publish(authorId, title) {
      await prisma.post.create({
        data: { title, published: true, authorId },
        uncache: { uncacheKeys: [pageKey(authorId)] },
      })
    },
    async removeDrafts() {
      await prisma.post.deleteMany({
        where: { published: false },
        uncache: { uncacheKeys: [anyPage], hasPattern: true },
      })
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
      await prisma.flushModelCache('User')
      await prisma.flushModelCache('Post')
      await prisma.uncache({ uncacheKeys: [anyPage], hasPattern: true })
    },
  }
}
