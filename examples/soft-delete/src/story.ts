import { PGlite } from '@electric-sql/pglite'
import { createCache, memoryStore } from '@larder/core'
import { migrate } from '@larder/testing'
import { PrismaPGlite } from 'pglite-prisma-adapter'
import { PrismaClient } from '../../../prisma/generated/client/client.ts'
import { type Order, orders } from './clients.ts'

/** What one read of the published posts returned, and where it came from. */
export interface Step {
  readonly name: string
  readonly titles: readonly string[]
  readonly source: string
}

/** Reads, deletes and reads again, over a database of its own. */
export async function runStory(order: Order): Promise<readonly Step[]> {
  const pglite = await PGlite.create()
  await migrate((sql) => pglite.exec(sql))
  const prisma = new PrismaClient({ adapter: new PrismaPGlite(pglite) })
  const cache = createCache({ store: memoryStore({ isolated: true }) })
  // Extended before its first query: Larder can watch the client's driver adapter from then on.
  const db = orders[order](prisma, cache)
  await db.user.create({ data: { id: 1, email: 'ada@example.com', name: 'Ada' } })
  const titles = ['Bread', 'Butter', 'Jam', 'Tea']
  await db.post.createMany({
    data: titles.map((title, at) => ({ id: at + 1, title, authorId: 1, published: true })),
  })

  const steps: Step[] = []
  const list = async (name: string): Promise<void> => {
    const { result, reads } = await cache.explain(() => db.post.findMany({ orderBy: { id: 'asc' } }))
    steps.push({ name, titles: result.map(({ title }) => title), source: reads[0]?.source ?? 'none' })
  }
  await list('the first read')
  await list('the same read again')
  await db.post.delete({ where: { id: 2 } })
  await list('after delete')
  await list('the same read again')
  await db.post.deleteMany({ where: { title: { startsWith: 'J' } } })
  await list('after deleteMany')
  await list('the same read again')
  const { rows } = await pglite.query<{ title: string }>('SELECT title FROM blog_posts ORDER BY id')
  steps.push({ name: 'rows in the table', titles: rows.map(({ title }) => title), source: 'database' })

  await prisma.$disconnect()
  await pglite.close()
  await cache.close()
  return steps
}
