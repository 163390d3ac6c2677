import { randomBytes } from 'node:crypto'
import { createCache } from '@larder/core'
import { type Datamodel, prismaCache } from '@larder/prisma'
import { mariadbUrl, type OwnClient, ownClient, sized } from '@larder/testing'
import { PrismaMariaDb } from '@prisma/adapter-mariadb'
import mysql from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PrismaClient } from '../../prisma/generated/client/client.ts'
import { createRandom } from '../support/random.ts'

// Most applications on MySQL have text keys that Prisma generates.

const SCHEMA = `
datasource db {
  provider = "mysql"
}
model User {
  id    String @id @default(cuid())
  email String @unique
  name  String
  posts Post[]
}
model Post {
  id       String @id @default(uuid())
  title    String
  authorId String
  author   User   @relation(fields: [authorId], references: [id])
}
`
const ROWS = sized(30, 200)
const COLLATION = 'utf8mb4_unicode_ci'

let generated: OwnClient<typeof PrismaClient, Datamodel>
let admin: mysql.Connection
let client: () => PrismaClient
const database = `larder_test_${process.pid}_${randomBytes(4).toString('hex')}`

beforeAll(async () => {
  generated = await ownClient('mysql-text-keys', SCHEMA)
  const { hostname: host, port, username: user, password } = new URL(await mariadbUrl())
  const server = { host, port: Number(port), user, password }
  admin = await mysql.createConnection(server)
  await admin.query(`CREATE DATABASE ${database} CHARACTER SET utf8mb4 COLLATE ${COLLATION}`)
  await admin.query(`USE ${database}`)
  await admin.query(
    'CREATE TABLE User (id varchar(191) PRIMARY KEY, email varchar(191) NOT NULL UNIQUE, name varchar(191) NOT NULL)',
  )
  await admin.query(
    'CREATE TABLE Post (id varchar(191) PRIMARY KEY, title varchar(191) NOT NULL, authorId varchar(191) NOT NULL, FOREIGN KEY (authorId) REFERENCES User (id) ON UPDATE CASCADE)',
  )
  client = () =>
    new generated.PrismaClient({ adapter: new PrismaMariaDb({ ...server, database, connectionLimit: 4 }) })
})
afterAll(async () => {
  await admin.query(`DROP DATABASE ${database}`)
  await admin.end()
  await generated.remove()
})

interface Row {
  readonly id: string
  readonly email: string
}
interface Delegate {
  findMany(args?: object): Promise<readonly Row[]>
  findUnique(args: object): Promise<unknown>
  update(args: object): Promise<unknown>
  create(args: object): Promise<Row>
  createMany(args: object): Promise<unknown>
  deleteMany(): Promise<unknown>
}
interface Models {
  readonly user: Delegate
  readonly post: Delegate
}

interface Counts {
  readonly reads: number
  readonly misses: number
  readonly writes: number
}

/** Reads rows that are all cached, while one in ten operations updates a row by its key. */
async function countMisses(
  collation: string | undefined,
): Promise<Readonly<Record<'id' | 'email' | 'include', Counts>>> {
  const [plain, base] = [client(), client()]
  const cache = createCache()
  const extension = prismaCache({
    cache,
    datamodel: generated.datamodel,
    ...(collation && { collation }),
    models: { '*': { ttl: '1h' } },
  })
  const cached = base.$extends(extension) as unknown as Models
  const truth = plain as unknown as Models
  try {
    await truth.post.deleteMany()
    await truth.user.deleteMany()
    const users: Row[] = []
    for (let at = 0; at < ROWS; at++)
      users.push(await truth.user.create({ data: { email: `u${at}@x.org`, name: `n${at}` } }))
    await truth.post.createMany({ data: users.map(({ id }) => ({ title: 't', authorId: id })) })
    const posts = await truth.post.findMany()
    const forms = {
      id: (on: Models, at: number) => on.user.findUnique({ where: { id: users[at]?.id } }),
      email: (on: Models, at: number) => on.user.findUnique({ where: { email: users[at]?.email } }),
      include: (on: Models, at: number) =>
        on.post.findUnique({ where: { id: posts[at]?.id }, include: { author: true } }),
    }
    const random = createRandom(1)
    const none: Counts = { reads: 0, misses: 0, writes: 0 }
    const counts = { id: none, email: none, include: none }
    for (const form of Object.keys(forms) as (keyof typeof forms)[]) {
      const read = forms[form]
      for (let at = 0; at < ROWS; at++) await read(cached, at)
      let [reads, writes] = [0, 0]
      const before = cache.stats().hits
      for (let step = 0; step < 1.5 * ROWS; step++) {
        const at = random.int(0, ROWS - 1)
        if (random.chance(0.1)) {
          writes++
          await cached.user.update({
            where: { id: users[at]?.id, email: users[at]?.email },
            data: { name: `n${step}` },
          })
        } else {
          reads++
          await read(cached, at)
        }
      }
      counts[form] = { reads, misses: reads - (cache.stats().hits - before), writes }
      for (let at = 0; at < ROWS; at += 20) expect(await read(cached, at)).toEqual(await read(truth, at))
    }
    return counts
  } finally {
    await cache.close()
    await Promise.all([plain.$disconnect(), base.$disconnect()])
  }
}

test('with a declared collation, a write of one row keeps MySQL reads by other text keys cached', async () => {
  const counts = await countMisses(COLLATION)
  for (const [form, { misses, writes }] of Object.entries(counts)) {
    expect(writes, form).toBeGreaterThan(0)
    // A write invalidates one row, which misses once.
    expect(misses, form).toBeLessThanOrEqual(writes)
  }
})

test('without a declared collation, every write of the table invalidates reads by text keys', async () => {
  const counts = await countMisses(undefined)
  for (const [form, { misses, reads }] of Object.entries(counts))
    expect(misses, form).toBeGreaterThan(reads / 2)
})

test('a value that INSERT IGNORE truncates invalidates reads of the truncated value', async () => {
  const [plain, base] = [client(), client()]
  const cache = createCache()
  const extension = prismaCache({
    ...{ cache, datamodel: generated.datamodel, collation: COLLATION },
    models: { '*': { ttl: '1h' } },
  })
  const cached = base.$extends(extension) as unknown as Models
  const truth = plain as unknown as Models
  const id = 'a'.repeat(191)
  const read = (on: Models) => on.post.findMany({ where: { authorId: id } })
  try {
    await truth.user.create({ data: { id, email: 'long@x.org', name: 'long' } })
    expect(await read(cached)).toEqual([])
    const data = [{ title: 'cut', authorId: `${id}bc` }]
    await cached.post.createMany({ data, skipDuplicates: true })
    expect(await read(truth)).toHaveLength(1)
    expect(await read(cached)).toEqual(await read(truth))
    await truth.post.deleteMany()
    await cache.invalidate({ all: true })
    expect(await read(cached)).toEqual([])
    const posts = { createMany: { data: [{ title: 'whole' }], skipDuplicates: true } }
    // A nested write takes the reference from its parent. Nothing is truncated, and the read is invalidated too.
    await cached.user.update({ where: { id }, data: { posts } })
    expect(await read(cached)).toEqual(await read(truth))
  } finally {
    await cache.close()
    await Promise.all([plain.$disconnect(), base.$disconnect()])
  }
})
