import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { connect, postgresDatabase, type TestDatabase } from '../support/client.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await postgresDatabase()
})
afterAll(() => database.stop())
beforeEach(async () => {
  await database.exec('TRUNCATE app_user RESTART IDENTITY CASCADE')
  await database.exec(`INSERT INTO app_user (email, updated_at) VALUES ('a@x', now()), ('b@x', now())`)
})

it('cache.warm runs lazy queries, raw reads and pages, so that the next reads hit', async () => {
  const { db, cache, sources } = connect(database)
  const reads = [
    () => db.user.findMany({ orderBy: { id: 'asc' } }),
    () => db.user.findUnique({ where: { id: 1 }, include: { posts: true } }),
    () => db.user.count(),
    () => db.$cached({ ttl: '1h', reads: ['User'] }).$queryRaw`SELECT email FROM app_user`,
    () => cache.wrap('page', { ttl: '1h', reads: ['app_user'] }, () => db.user.findMany()),
  ]
  expect(await cache.warm(reads, { concurrency: 2 })).toMatchObject({ total: 5, loaded: 5, errors: [] })
  for (const read of reads) expect(await sources(read)).toEqual(['memory'])
  expect(await cache.warm(reads)).toMatchObject({ total: 5, hits: 5 })
})

it('cache.warm counts failed queries, writes and transactions, and rejects for none of them', async () => {
  const { db, cache } = connect(database)
  const counts = await cache.warm([
    () => db.user.findUniqueOrThrow({ where: { id: 99 } }),
    () => db.user.update({ where: { id: 1 }, data: { name: 'written' } }),
    () => db.$transaction((tx) => tx.user.findMany()),
    () => db.post.findMany(),
  ])
  expect(counts).toMatchObject({ total: 4, failed: 1, bypassed: 2, loaded: 1 })
  expect(counts.errors).toMatchObject([{ index: 0, error: { code: 'P2025' } }])
})
