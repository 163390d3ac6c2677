import { createCache, memoryStore } from '@larder/core'
import { prismaCache } from '@larder/prisma'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { PrismaClient } from '../../../../prisma/generated/client/client.ts'
import { datamodel } from '../../../../prisma/generated/larder.ts'
import { postgresDatabase, type TestDatabase } from '../support/database.ts'

// A relation whose foreign key is in the row itself: Prisma writes it by a second statement of the same table.

let database: TestDatabase
beforeAll(async () => {
  database = await postgresDatabase()
})
afterAll(() => database.stop())

const writes = ['inside an array transaction', 'inside an interactive transaction', 'outside a transaction']

it.each(writes)(
  'an update that also disconnects its own relation is planned completely: %s',
  async (place) => {
    let updates = 0
    const adapter = database.adapter((sql, phase) => {
      if (phase === 'sent' && sql.startsWith('UPDATE') && sql.includes('blog_posts')) updates++
    })
    const base = new PrismaClient({ adapter })
    const cache = createCache({ store: memoryStore({ isolated: true }) })
    const codes: string[] = []
    cache.on('warning', ({ code }) => codes.push(code))
    try {
      const db = base.$extends(prismaCache({ cache, datamodel, models: { '*': { ttl: '1h' } } }))
      const author = await db.user.create({ data: { email: `${place}@example`, name: 'a' } })
      const people = { author: { connect: { id: author.id } }, editor: { connect: { id: author.id } } }
      const post = await db.post.create({ data: { title: 't', body: 'b', published: true, ...people } })
      const where = { id: post.id }
      const change = { where, data: { published: false, editor: { disconnect: true } } } as const
      const other = { where: { id: author.id }, data: { name: 'b' } }
      updates = 0
      if (place === 'outside a transaction') await db.post.update(change)
      else if (place === 'inside an array transaction')
        await db.$transaction([db.post.update(change), db.user.update(other)])
      else
        await db.$transaction(async (tx) => {
          await tx.post.update(change)
          await tx.user.update(other)
        })
      expect(updates).toBeGreaterThan(1)
      expect(codes).toEqual([])
      expect(await db.post.findUnique({ where })).toMatchObject({ published: false, editorId: null })
    } finally {
      await cache.close()
      await base.$disconnect()
    }
  },
)
