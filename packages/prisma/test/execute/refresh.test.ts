import { setTimeout as sleep } from 'node:timers/promises'
import { memoryStore } from '@larder/core'
import type { Store } from '@larder/core/store'
import { repeatWhenBusy } from '@larder/testing'
import { makeTypedQueryFactory, sqltag } from '@prisma/client/runtime/client'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { copyArguments, withOwnBytes, withOwnValues } from '../../src/plan/argument.ts'
import { connect, pgliteDatabase, postgresDatabase, type TestDatabase } from '../support/client.ts'

repeatWhenBusy()

// Entries that are refreshed in the background, after the call of their read has returned.

const TTL = 25
const STALE = { ttl: TTL, jitter: 0, staleWhileRevalidate: '1m' } as const

let databases: Readonly<Record<'PGlite' | 'PostgreSQL', TestDatabase>>
beforeAll(async () => {
  databases = { PGlite: await pgliteDatabase(), PostgreSQL: await postgresDatabase() }
})
afterAll(() => Promise.all(Object.values(databases).map((database) => database.stop())))
beforeEach(async () => {
  for (const { exec } of Object.values(databases)) {
    await exec('TRUNCATE app_user RESTART IDENTITY CASCADE')
    await exec(
      `INSERT INTO app_user (email, name, updated_at) SELECT i || '@x', 'u' || i, now() FROM generate_series(1, 3) i`,
    )
  }
})

it.each(['PGlite', 'PostgreSQL'] as const)(
  'over %s an expired entry is served and then refreshed',
  async (name) => {
    const { db, sources } = connect(databases[name], { models: { User: STALE } })
    const read = async () => (await db.user.findUnique({ where: { id: 1 } }))?.name
    expect(await read()).toBe('u1')
    await databases[name].exec(`UPDATE app_user SET name = 'unseen' WHERE id = 1`)
    await sleep(TTL + 5)
    expect(await sources(read)).toEqual(['stale'])
    await expect.poll(read).toBe('unseen')
  },
)

it('includes, the fluent API and raw SQL with declared tables are refreshed as well', async () => {
  const { db, sources } = connect(databases.PostgreSQL, { models: { '*': STALE } })
  const all = () => [
    () => db.user.findMany({ include: { posts: true }, orderBy: { id: 'asc' } }),
    () => db.user.findUnique({ where: { id: 1 } }).posts(),
    () => db.$cached({ ...STALE, reads: ['User'] }).$queryRaw`SELECT name FROM app_user WHERE id = ${1}`,
  ]
  for (const read of all()) await read()
  await databases.PostgreSQL.exec(`UPDATE app_user SET name = 'unseen' WHERE id = 1`)
  await sleep(TTL + 5)
  const plain = await db.$cached(false).user.findMany({ include: { posts: true }, orderBy: { id: 'asc' } })
  for (const read of all()) expect(await sources(async () => await read())).toEqual(['stale'])
  const [users, , raw] = all()
  await expect.poll(async () => await users?.()).toStrictEqual(plain)
  await expect.poll(async () => await raw?.()).toStrictEqual([{ name: 'unseen' }])
})

it('a refresh uses the arguments from the time of the call, although the caller changes them', async () => {
  const { db, sources } = connect(databases.PostgreSQL, { models: { User: STALE } })
  const args = { where: { id: { in: [1] } } }
  const names = async () => (await db.user.findMany(args)).map(({ name }) => name)
  expect(await names()).toEqual(['u1'])
  await sleep(TTL + 5)
  expect(await sources(names)).toEqual(['stale'])
  args.where.id.in[0] = 2
  await sleep(60)
  args.where.id.in[0] = 1
  for (let time = 0; time < 5; time++) expect(await names()).toEqual(['u1'])
})

it('a refresh uses the bytes from the time of the call, although the caller changes them', async () => {
  const { exec } = databases.PostgreSQL
  await exec(
    `TRUNCATE "Everything" RESTART IDENTITY; INSERT INTO "Everything" (bytes) VALUES ('\\x01'), ('\\x02')`,
  )
  const { db, sources } = connect(databases.PostgreSQL, { models: { Everything: STALE } })
  const bytes = Buffer.from([1])
  const ids = async () => (await db.everything.findMany({ where: { bytes } })).map(({ id }) => id)
  expect(await ids()).toEqual([1])
  await sleep(TTL + 5)
  expect(await sources(ids)).toEqual(['stale'])
  bytes[0] = 2
  await sleep(60)
  bytes[0] = 1
  for (let time = 0; time < 5; time++) expect(await ids()).toEqual([1])
})

it.each(['PGlite', 'PostgreSQL'] as const)(
  'over %s a refresh stores nothing that a transaction has not committed',
  async (name) => {
    const { db, sources } = connect(databases[name], { models: { User: STALE } })
    const read = async () => (await db.user.findUnique({ where: { id: 1 } }))?.name
    expect(await read()).toBe('u1')
    await sleep(TTL + 5)
    let reading: Promise<unknown> | undefined
    const failing = db.$transaction(async (tx) => {
      await tx.user.update({ where: { id: 1 }, data: { name: 'never committed' } })
      reading = sources(read)
      await sleep(2 * TTL)
      throw new Error('roll back')
    })
    await expect(failing).rejects.toThrow('roll back')
    await reading
    for (let time = 0; time < 5; time++) {
      expect(await read()).toBe('u1')
      await sleep(5)
    }
  },
)

it('a copy of arguments has new objects and lists, and the same values', () => {
  const [at, decimal] = [new Date(5), new (class Decimal {})()]
  const bytes = Uint8Array.of(1, 2)
  const args = {
    where: { id: { in: [1, 2] }, at, bytes, buffer: Buffer.from([3]) },
    decimal,
    none: null,
    absent: undefined,
  }
  const copy = copyArguments(args) as typeof args
  expect(copy).toStrictEqual(args)
  expect(copy.where.bytes.buffer).not.toBe(bytes.buffer)
  expect(copy.where.id.in).not.toBe(args.where.id.in)
  expect(copy.where.at).not.toBe(at)
  expect(copy.decimal).toBe(decimal)
  expect(copyArguments(undefined)).toBeUndefined()
})

it('objects that only their class can copy are passed on: bytes and dates of a class, and what has its own JSON', () => {
  class Digest extends Uint8Array {
    constructor(hex: string) {
      if (typeof hex !== 'string') throw new TypeError('not a digest')
      super(Buffer.from(hex, 'hex'))
    }
  }
  class Day extends Date {
    override toJSON(): string {
      return '2024-02-29'
    }
  }
  const hidden = Object.defineProperty({ a: 1 }, 'toJSON', { value: () => 'hidden' })
  for (const value of [new Digest('0a'), new Day(5), hidden]) expect(copyArguments(value)).toBe(value)
})

it('a write that waits for its mark uses the bytes from the time of the call', async () => {
  const { exec } = databases.PostgreSQL
  await exec('TRUNCATE "Everything" RESTART IDENTITY')
  const { sync: _, ...inner } = memoryStore({ isolated: true })
  const store: Store = {
    ...inner,
    source: 'store',
    mark: async (request) => {
      await sleep(40)
      return inner.mark(request)
    },
  }
  const { db, base } = connect(databases.PostgreSQL, { cache: { store } })
  type Client = Pick<typeof base, '$executeRaw' | '$executeRawUnsafe' | '$queryRaw'>
  const forms: Readonly<Record<string, (client: Client, bytes: Buffer<ArrayBuffer>) => Promise<unknown>>> = {
    template: (client, bytes) => client.$executeRaw`INSERT INTO "Everything" (bytes) VALUES (${bytes})`,
    text: (client, bytes) => client.$executeRawUnsafe('INSERT INTO "Everything" (bytes) VALUES ($1)', bytes),
    returning: (client, bytes) =>
      client.$queryRaw(sqltag`INSERT INTO "Everything" (bytes) VALUES (${bytes}) RETURNING id`),
  }
  const last = async (): Promise<readonly number[]> => {
    const row = await base.everything.findFirstOrThrow({ orderBy: { id: 'desc' } })
    return [...(row.bytes ?? [])]
  }
  for (const client of [base, db]) {
    const bytes = Buffer.from([1])
    const creating = client.everything.create({ data: { bytes } }).then(({ bytes }) => [...(bytes ?? [])])
    await sleep(20)
    bytes[0] = 2
    expect(await creating).toEqual([1])
    for (const [name, write] of Object.entries(forms)) {
      bytes[0] = 1
      const writing = write(client, bytes).then(last)
      await sleep(20)
      bytes[0] = 2
      expect([name, await writing]).toEqual([name, [1]])
    }
  }
})

it('binary data of every kind is copied with its class, and objects of other classes are shared', () => {
  const { buffer } = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
  const values = {
    buffer: Buffer.from(buffer, 1, 2),
    bytes: new Uint8Array(buffer),
    floats: new Float32Array(buffer, 4),
    bigints: new BigInt64Array(buffer),
    view: new DataView(buffer, 1, 3),
    memory: buffer,
  }
  class Vector extends Float32Array {}
  const shared = { vector: new Vector(1), moment: new (class extends Date {})(0) }
  const shownOf = (value: ArrayBuffer | ArrayBufferView): unknown[] => [
    value.constructor,
    ArrayBuffer.isView(value)
      ? [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)]
      : [...new Uint8Array(value)],
  ]
  const expected = Object.values(values).map(shownOf)
  const { data } = withOwnBytes({ data: { ...values, ...shared } }) as { data: typeof values & typeof shared }
  const parameters = withOwnValues(Object.values(values)) as (typeof values.view)[]
  new Uint8Array(buffer).fill(9)
  const { vector, moment, ...copies } = data
  expect(Object.values(copies).map(shownOf)).toEqual(expected)
  expect(parameters.map(shownOf)).toEqual(expected)
  expect([vector, moment]).toEqual([shared.vector, shared.moment])
  expect(vector).toBe(shared.vector)
  expect(moment).toBe(shared.moment)
})

it('the values of a TypedSQL query are copied, and its text is kept', () => {
  const bytes = Buffer.from([1])
  const query = makeTypedQueryFactory('SELECT $1')(bytes)
  const copy = withOwnValues(query) as typeof query
  bytes[0] = 2
  expect(copy).toMatchObject({ sql: 'SELECT $1', values: [Buffer.from([1])] })
  expect(query.values).toEqual([bytes])
  const sameQuery = makeTypedQueryFactory('SELECT $1')(1)
  expect(withOwnValues(sameQuery)).toBe(sameQuery)
})
