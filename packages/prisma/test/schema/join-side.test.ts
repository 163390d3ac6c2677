import { createDatabase, type Database, migrate, postgresUrl } from '@larder/testing'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PrismaClient } from '../../../../prisma/generated/client/client.ts'
import { datamodel } from '../../../../prisma/generated/larder.ts'
import { modelMapOf } from '../../src/schema/model.ts'

const models = modelMapOf(datamodel)
let database: Database
let client: PrismaClient

beforeAll(async () => {
  database = await createDatabase(await postgresUrl())
  const connection = new pg.Client({ connectionString: database.url })
  await connection.connect()
  await migrate((sql) => connection.query(sql))
  await connection.end()
  client = new PrismaClient({ adapter: new PrismaPg({ connectionString: database.url }) })
})

afterAll(async () => {
  await client?.$disconnect()
  await database?.drop()
})

describe('the side of a join table', () => {
  // The database decides: this is where Prisma itself puts the ids.
  it.each(['followers', 'following'] as const)(
    'of User.%s contains the user that has the field',
    async (field) => {
      const first = await client.user.create({ data: { email: `one-${field}@example.org` } })
      const second = await client.user.create({ data: { email: `other-${field}@example.org` } })
      await client.user.update({ where: { id: first.id }, data: { [field]: { connect: { id: second.id } } } })
      const join = models.relation('User', field)?.join
      if (join === undefined) throw new Error('no join table')
      const rows = await client.$queryRaw<
        Record<string, number>[]
      >`SELECT * FROM "_Follow" ORDER BY "A" DESC, "B" DESC LIMIT 1`
      expect(rows[0]?.[join.source.column]).toBe(first.id)
      expect(rows[0]?.[join.target.column]).toBe(second.id)
    },
  )

  it('of Post.tags contains the post', async () => {
    await client.tag.create({ data: { id: 70, name: 'seventy' } })
    const author = await client.user.create({ data: { email: 'author@example.org' } })
    await client.post.create({
      data: { id: 90, title: 't', authorId: author.id, tags: { connect: { id: 70 } } },
    })
    const join = models.relation('Post', 'tags')?.join
    const rows = await client.$queryRaw<Record<string, number>[]>`SELECT * FROM "_PostToTag"`
    expect(rows).toEqual([{ [join?.source.column ?? '']: 90, [join?.target.column ?? '']: 70 }])
  })
})
