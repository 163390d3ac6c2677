import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { connect, postgresDatabase, type TestDatabase } from '../support/client.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await postgresDatabase()
})
afterAll(() => database.stop())
beforeEach(async () => {
  await database.exec('TRUNCATE app_user RESTART IDENTITY CASCADE')
  await database.exec(`INSERT INTO app_user (email, name, updated_at) VALUES ('a@x', 'a', now())`)
})

const byId1 = { where: { id: 1 } }

it('with enabled: false every read bypasses the cache until the cache is resumed', async () => {
  const { db, cache, sources } = connect(database, { cache: { enabled: false } })
  const reads = () =>
    Promise.all([db.user.findUnique(byId1), db.user.count(), db.$cached({ ttl: '1h' }).user.findMany()])
  await reads()
  expect(await sources(reads)).toEqual(Array(3).fill('database: disabled'))
  cache.resume()
  await reads()
  expect(await sources(reads)).toEqual(Array(3).fill('memory'))
})

it('a raw read and a computed value bypass the cache while it is paused', async () => {
  const { db, cache, sources } = connect(database)
  const reads = async () => {
    await db.$cached({ ttl: '1h', reads: ['User'] }).$queryRaw`SELECT name FROM app_user`
    await cache.wrap('names', { ttl: '1h', reads: ['app_user'] }, async () => 'computed')
  }
  await reads()
  expect(await sources(reads)).toEqual(['memory', 'memory'])
  cache.pause()
  expect(await sources(reads)).toEqual(['database: disabled', 'database: disabled'])
})

it('writes, transactions and locks work and invalidate while the cache is paused', async () => {
  const { db, cache, sources } = connect(database)
  const read = () => db.user.findUnique(byId1)
  await read()
  cache.pause()
  await db.user.update({ ...byId1, data: { name: 'b' } })
  await db.$transaction(async (tx) => {
    await tx.user.lock(byId1)
    await tx.user.update({ ...byId1, data: { name: 'c' } })
  })
  await expect(
    db.$transaction(async (tx) => {
      await tx.user.update({ ...byId1, data: { name: 'd' } })
      throw new Error('back')
    }),
  ).rejects.toThrow('back')
  cache.resume()
  expect(await sources(read)).toEqual(['database: invalidated'])
  expect((await read())?.name).toBe('c')
})
