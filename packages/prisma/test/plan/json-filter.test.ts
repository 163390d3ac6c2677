import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createCache } from '@larder/core'
import { type Datamodel, prismaCache } from '@larder/prisma'
import { makeDataFolder, ownClient } from '@larder/testing'
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import { expect, it } from 'vitest'
import type { PrismaClient } from '../../../../prisma/generated/client/client.ts'

const SCHEMA = `
datasource db {
  provider = "sqlite"
}
model Doc {
  id   Int  @id
  data Json
  @@map("doc")
}
`

interface Docs {
  create(query: object): Promise<unknown>
  findMany(query: object): Promise<unknown>
}
/** The repository's client has no such model. */
const docsOf = (client: unknown): Docs => (client as { readonly doc: Docs }).doc

it('on SQLite, where the order of keys matters, a filter by a JSON object with several keys is not cached', async () => {
  const { PrismaClient, datamodel, remove } = await ownClient<
    new (
      options: object,
    ) => PrismaClient,
    Datamodel
  >('json-filter', SCHEMA)
  const folder = makeDataFolder('json')
  const adapter = new PrismaBetterSqlite3({ url: `file:${join(folder, 'test.db')}` })
  const connection = await adapter.connect()
  await connection.executeScript('CREATE TABLE doc (id integer PRIMARY KEY, data jsonb NOT NULL)')
  await connection.dispose()
  const plain = new PrismaClient({ adapter })
  const cache = createCache()
  const cached = docsOf(plain.$extends(prismaCache({ cache, datamodel, models: { '*': { ttl: '1m' } } })))
  await cached.create({ data: { id: 1, data: { a: 1, b: 2 } } })
  await cached.create({ data: { id: 2, data: { a: 1 } } })
  const reads: unknown[] = []
  cache.on('read', ({ source, reason }) => reads.push(reason ?? source))
  for (const equals of [{ a: 1, b: 2 }, { b: 2, a: 1 }, [{ a: 1, b: 2 }], { a: 1 }, { a: 1 }]) {
    const query = { where: { data: { equals } } }
    expect(await cached.findMany(query)).toEqual(await docsOf(plain).findMany(query))
  }
  expect(reads).toEqual(['opaque', 'opaque', 'opaque', 'miss', 'memory'])
  await plain.$disconnect()
  await cache.close()
  await remove()
  await rm(folder, { recursive: true })
})
