import type { Cache } from '@larder/core'
import { prismaCache } from '@larder/prisma'
import type { PrismaClient } from '../../../../prisma/generated/client/client.ts'
import { datamodel } from '../../../../prisma/generated/larder.ts'
import type { Authors } from './authors.ts'

/** The key stays. What the page reads is captured, so no write has to know it. */
export function authorsAfter(base: PrismaClient, cache: Cache): Authors {
  const prisma = base.$extends(prismaCache({ cache, datamodel }))
  return {
    page: (id) =>
      cache.wrap(`author-page:${id}`, { ttl: '10m' }, async () => {
        const author = await prisma.user.findUniqueOrThrow({ where: { id } })
        const posts = await prisma.post.findMany({ where: { authorId: id }, orderBy: { id: 'asc' } })
        return { name: author.name, since: author.createdAt, titles: posts.map(({ title }) => title) }
      }),
    async rename(id, name) {
      await prisma.user.update({ where: { id }, data: { name } })
    },
    async publish(id, title) {
      await prisma.post.create({ data: { title, published: true, authorId: id } })
    },
  }
}
