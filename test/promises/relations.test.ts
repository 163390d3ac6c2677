import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import type { PrismaClient } from '../../prisma/generated/client/client.ts'
import { cachedPrisma } from '../support/cached-prisma.ts'
import { perform } from '../workload/prisma/operation.ts'
import { cachedQueries } from '../workload/prisma/query-list.ts'

const here = cachedPrisma()

const writes = [
  [
    'user',
    'update',
    {
      where: { id: 2 },
      data: { posts: { update: { where: { id: 3 }, data: { comments: { create: { text: 'deep' } } } } } },
    },
  ],
  [
    'comment',
    'update',
    {
      where: { id: 1 },
      data: {
        post: { update: { data: { author: { update: { profile: { update: { bio: 'deep' } } } } } } },
      },
    },
  ],
  ['tag', 'update', { where: { id: 1 }, data: { posts: { updateMany: { where: {}, data: { views: 7 } } } } }],
  ['category', 'delete', { where: { id: 1 } }],
  [
    'user',
    'update',
    {
      where: { id: 1 },
      data: { followers: { set: [{ id: 3 }] }, memberships: { deleteMany: { groupId: 2 } } },
    },
  ],
  ['membership', 'delete', { where: { userId_groupId: { userId: 1, groupId: 1 } } }],
  ['stock', 'update', { where: { sku: 's1' }, data: { sku: 's11' } }],
  ['user', 'delete', { where: { id: 4 } }],
] as const

test('without a datamodel, every query matches the database after each nested write and each cascade', async () => {
  here.build({}, { datamodel: false })
  const client = here.prisma as unknown as PrismaClient
  for (const write of writes) {
    await Promise.all(cachedQueries.map((query) => query.run(client)))
    await perform(client, write as unknown as Parameters<typeof perform>[1])
    const wrong: string[] = []
    for (const query of cachedQueries)
      if (!isDeepStrictEqual(await query.run(client), await query.run(here.plain))) wrong.push(query.name)
    expect(wrong, JSON.stringify(write)).toEqual([])
  }
  expect(here.cache.stats().hits).toBeGreaterThan(0)
  await here.plain.stock.update({ where: { sku: 's11' }, data: { sku: 's1' } })
})
