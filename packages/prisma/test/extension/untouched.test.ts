import { createCache } from '@larder/core'
import { prismaCache } from '@larder/prisma'
import { createDatabase, differences, postgresUrl, snapshotOf } from '@larder/testing'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { expect, it } from 'vitest'
import { PrismaClient } from '../../../../prisma/generated/client/client.ts'
import { datamodel } from '../../../../prisma/generated/larder.ts'
import { migrate } from '../../../testing/src/databases/migrate.ts'

it('using the extended client does not change the original client', async () => {
  const database = await createDatabase(await postgresUrl())
  const pool = new pg.Pool({ connectionString: database.url, max: 4 })
  pool.on('error', () => {})
  await migrate((sql) => pool.query(sql))
  const adapter = new PrismaPg(pool)
  const client = new PrismaClient({ adapter, omit: { user: { name: true } } })
  // What Prisma makes of itself when it first connects is not ours: models, and the engine.
  await client.user.findMany()
  await client.post.count()
  const { _engine: engine } = client as unknown as { readonly _engine: object }
  const take = () => snapshotOf({ client, adapter, datamodel }, new Set<unknown>([engine, pool]))
  const before = take()
  expect(before.size).toBeGreaterThan(1_000)
  expect(differences(before, take()), 'by looking').toEqual([])
  const cache = createCache()
  const under = client.$extends(prismaCache({ cache, datamodel, models: { '*': { ttl: '1h' } } }))
  expect(differences(before, take()), 'by extending').toEqual([])

  const steps: Readonly<Record<string, () => PromiseLike<unknown>>> = {
    create: () => under.user.create({ data: { email: 'a@x', name: 'a' } }),
    'create with relations': () =>
      under.post.create({
        data: { title: 't', author: { connect: { id: 1 } }, tags: { create: { name: 't' } } },
      }),
    read: () => under.user.findUnique({ where: { id: 1 } }),
    hit: () => under.user.findUnique({ where: { id: 1 } }),
    include: () => under.post.findMany({ include: { author: true, tags: true } }),
    fluent: () => under.user.findUnique({ where: { id: 1 } }).posts(),
    count: () => under.post.count(),
    update: () => under.post.update({ where: { id: 1 }, data: { views: 2 } }),
    upsert: () =>
      under.user.upsert({ where: { id: 1 }, create: { email: 'b@x', name: 'b' }, update: { name: 'c' } }),
    raw: () => under.$executeRaw`UPDATE app_user SET name = 'raw'`,
    'raw read': () => under.$queryRaw`SELECT 1`,
    batch: () => under.$transaction([under.user.count(), under.post.updateMany({ data: { views: 3 } })]),
    transaction: () =>
      under.$transaction(async (tx) => {
        await tx.user.findMany()
        await tx.post.updateMany({ data: { views: 4 } })
      }),
    'another policy': () => under.$cached({ ttl: '1m' }).user.findMany(),
    'a later extension': () => under.$extends({ name: 'later' }).user.findMany(),
    invalidate: () => under.$cache.invalidate({ all: true }),
    delete: () => under.post.deleteMany(),
    close: () => cache.close(),
  }
  for (const [name, step] of Object.entries(steps)) {
    await step()
    expect(differences(before, take()), name).toEqual([])
  }
  await client.$disconnect()
  await pool.end()
  await database.drop()
})
