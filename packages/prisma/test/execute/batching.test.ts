import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { connect, errorOf, postgresDatabase, type TestDatabase } from '../support/client.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await postgresDatabase()
})
afterAll(() => database.stop())
beforeEach(async () => {
  await database.exec('TRUNCATE app_user RESTART IDENTITY CASCADE')
  await database.exec(
    `INSERT INTO app_user (email, updated_at) SELECT i || '@x', now() FROM generate_series(1, 8) i`,
  )
})

const IDS = [1, 2, 3, 4, 5, 6, 7, 8]

it('findUnique misses of one tick stay one statement', async () => {
  const connected = connect(database)
  const { db, sources, statements } = connected
  const find = () => Promise.all(IDS.map((id) => db.user.findUnique({ where: { id } })))
  expect(await sources(find)).toEqual(IDS.map(() => 'database: miss'))
  expect(statements()).toHaveLength(1)
  expect(await sources(find)).toEqual(IDS.map(() => 'memory'))
  expect(statements()).toEqual([])
})

it('findUnique misses among hits stay one statement', async () => {
  const connected = connect(database)
  const { db, sources, statements } = connected
  for (const id of [2, 5]) await db.user.findUnique({ where: { id } })
  statements()
  const reads = await sources(async () => {
    const results = await Promise.all(IDS.map((id) => db.user.findUnique({ where: { id } })))
    expect(results.map((user) => user?.id)).toEqual(IDS)
  })
  expect(reads.filter((read) => read === 'memory')).toHaveLength(2)
  expect(statements()).toHaveLength(1)
})

it('findUnique misses whose tags already exist stay one statement', async () => {
  const connected = connect(database)
  const { db, statements } = connected
  const find = () => Promise.all(IDS.map((id) => db.user.findUnique({ where: { id } })))
  await find()
  await db.user.updateMany({ data: { name: 'x' } })
  statements()
  const rows = await find()
  expect(rows.map((user) => user?.name)).toEqual(IDS.map(() => 'x'))
  expect(statements()).toHaveLength(1)
})

it('findUnique calls that bypass the cache stay one statement', async () => {
  const connected = connect(database, { models: {} })
  const { db, statements } = connected
  for (const client of [db, db.$cached(false)]) {
    await Promise.all(IDS.map((id) => client.user.findUnique({ where: { id } })))
    expect(statements()).toHaveLength(1)
  }
})

it('fluent calls of one tick are one statement for each level', async () => {
  const connected = connect(database)
  const { db, statements } = connected
  await db.user.findMany({ select: { id: true, posts: true } })
  const plain = statements().length
  await Promise.all(IDS.map((id) => db.user.findUnique({ where: { id } }).posts()))
  expect(statements()).toHaveLength(plain)
})

it('missing rows are cached as missing, each under its own key', async () => {
  const connected = connect(database)
  const { db, sources, statements } = connected
  const find = async () => {
    const results = await Promise.all([1, 98, 99].map((id) => db.user.findUnique({ where: { id } })))
    expect(results.map((user) => user?.id)).toEqual([1, undefined, undefined])
  }
  await find()
  expect(statements()).toHaveLength(1)
  expect(await sources(find)).toEqual(['memory', 'memory', 'memory'])
  await db.user.create({ data: { id: 98, email: '98@x' } })
  expect(await db.user.findUnique({ where: { id: 98 } })).toMatchObject({ email: '98@x' })
})

it('a findUniqueOrThrow that throws does not affect the other calls of its batch', async () => {
  const connected = connect(database)
  const { db, sources } = connected
  const ids = [1, 99, 2]
  const find = () => Promise.allSettled(ids.map((id) => db.user.findUniqueOrThrow({ where: { id } })))
  expect((await find()).map((end) => end.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect((await sources(find)).toSorted()).toEqual(['database: miss', 'memory', 'memory'])
})

it('…OrThrow queries the database and throws a new error each time', async () => {
  const connected = connect(database)
  const { db, statements } = connected
  for (const run of [
    () => db.user.findUniqueOrThrow({ where: { id: 99 } }),
    () => db.user.findFirstOrThrow({ where: { name: 'nobody' } }),
  ]) {
    const [first, second] = [await errorOf(run()), await errorOf(run())]
    expect([first.code, second.code]).toEqual(['P2025', 'P2025'])
    expect(second).not.toBe(first)
    expect(statements()).toHaveLength(2)
    // Together, too: a caller never gets another's error.
    const [third, fourth] = await Promise.all([errorOf(run()), errorOf(run())])
    expect(fourth).not.toBe(third)
    statements()
  }
})

it('concurrent readers of one query share one load, each with separate objects', async () => {
  const connected = connect(database)
  const { db, cache, statements } = connected
  const read = () => db.user.findMany({ where: { id: { gt: 4 } } })
  const { result, reads } = await cache.explain(() => Promise.all([read(), read(), read()]))
  expect(statements()).toHaveLength(1)
  expect(reads.map((read) => read.shared ?? false).toSorted()).toEqual([false, true, true])
  expect(result[1]).toEqual(result[0])
  expect(result[1]?.[0]).not.toBe(result[0]?.[0])
})

it('the query hook runs once for an operation, including its relations', async () => {
  const connected = connect(database)
  const { db, cache } = connected
  const writes: string[] = []
  cache.on('write', ({ operation }) => writes.push(operation))
  const { reads } = await cache.explain(() =>
    db.user.create({ data: { email: 'n@x', posts: { create: { title: 't' } } }, include: { posts: true } }),
  )
  expect([writes, reads]).toEqual([['User.create'], []])
  const { reads: firstReads } = await cache.explain(() =>
    db.user.findMany({ include: { posts: { include: { comments: true } }, profile: true } }),
  )
  expect(firstReads.map((read) => read.operation)).toEqual(['User.findMany'])
})

it('a rejection reaches only its own caller', async () => {
  const connected = connect(database)
  const { db } = connected
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  process.on('unhandledRejection', note)
  try {
    await Promise.allSettled([
      db.user.findUniqueOrThrow({ where: { id: 99 } }),
      db.user.findUniqueOrThrow({ where: { id: 99 } }),
      db.user.create({ data: { email: '1@x' } }),
      db.user.findMany({ where: { nothing: 1 } as never }),
      db.$queryRaw`SELECT nothing`,
      db.$executeRaw`DELETE nothing`,
      db.$transaction([db.user.create({ data: { email: '1@x' } }), db.user.count()]),
      db.$transaction(async (tx) => {
        await tx.user.create({ data: { email: '1@x' } })
      }),
      db.$cache.invalidate({ models: ['Nothing' as never] }),
    ])
    // Rejections that nobody took are told after a turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
  } finally {
    process.off('unhandledRejection', note)
  }
  expect(unhandled).toEqual([])
})
