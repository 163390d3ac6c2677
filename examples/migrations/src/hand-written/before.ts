import type { Redis } from 'iovalkey'
import type { PrismaClient } from '../../../../prisma/generated/client/client.ts'
import type { AuthorPage, Authors } from './authors.ts'

const keyOf = (id: number): string => `author-page:${id}`

/** Cache-aside by hand: look up, load on a miss, store, and delete after each write. */
export const authorsBefore = (prisma: PrismaClient, redis: Redis): Authors => ({
  async page(id) {
    const found = await redis.get(keyOf(id))
    if (found !== null) {
      const { since, ...page } = JSON.parse(found) as AuthorPage
      return { ...page, since: new Date(since) }
    }
    const author = await prisma.user.findUniqueOrThrow({ where: { id } })
    const posts = await prisma.post.findMany({ where: { authorId: id }, orderBy: { id: 'asc' } })
    const page = { name: author.name, since: author.createdAt, titles: posts.map(({ title }) => title) }
    await redis.set(keyOf(id), JSON.stringify(page), 'EX', 600)
    return page
  },
  async rename(id, name) {
    await prisma.user.update({ where: { id }, data: { name } })
    await redis.del(keyOf(id))
  },
  async publish(id, title) {
    await prisma.post.create({ data: { title, published: true, authorId: id } })
    await redis.del(keyOf(id))
  },
})
