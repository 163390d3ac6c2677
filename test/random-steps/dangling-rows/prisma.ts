import { randomBytes } from 'node:crypto'
import { createCache } from '@larder/core'
import { type Datamodel, prismaCache } from '@larder/prisma'
import { createDatabase, type OwnClient, ownClient, postgresUrl } from '@larder/testing'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import type { PrismaClient } from '../../../prisma/generated/client/client.ts'
import type { Random } from '../../support/random.ts'
import { perform } from '../../workload/prisma/operation.ts'
import type { Step } from './walk.ts'

// Every kind of relation over tables without foreign keys: rows may refer to rows that are not there, and these may come.

const SCHEMA = `
datasource db {
  provider     = "postgresql"
  relationMode = "prisma"
}
model Author {
  id      Int      @id
  tenant  Int
  no      Int
  name    String
  posts   Post[]   @relation("posts")
  edits   Post[]   @relation("edits")
  profile Profile?
  tags    Tag[]
  @@unique([tenant, no])
}
model Profile {
  id       Int     @id
  authorId Int?    @unique
  author   Author? @relation(fields: [authorId], references: [id])
}
model Post {
  id        Int     @id
  title     String
  authorId  Int?
  author    Author? @relation("posts", fields: [authorId], references: [id])
  tenant    Int?
  editorNo  Int?
  editor    Author? @relation("edits", fields: [tenant, editorNo], references: [tenant, no])
  parentId  Int?
  parent    Post?   @relation("tree", fields: [parentId], references: [id], onDelete: Restrict, onUpdate: Restrict)
  children  Post[]  @relation("tree")
  tags      Tag[]
  related   Post[]  @relation("related")
  relatedTo Post[]  @relation("related")
}
model Tag {
  id      Int     @id
  name    String
  ownerId Int?
  owner   Author? @relation(fields: [ownerId], references: [id])
  posts   Post[]
}
`

const TABLES = [
  'CREATE TABLE "Author" (id int PRIMARY KEY, tenant int NOT NULL, no int NOT NULL, name text NOT NULL, UNIQUE (tenant, no))',
  'CREATE TABLE "Profile" (id int PRIMARY KEY, "authorId" int UNIQUE)',
  'CREATE TABLE "Post" (id int PRIMARY KEY, title text NOT NULL, "authorId" int, tenant int, "editorNo" int, "parentId" int)',
  'CREATE TABLE "Tag" (id int PRIMARY KEY, name text NOT NULL, "ownerId" int)',
  'CREATE TABLE "_PostToTag" ("A" int NOT NULL, "B" int NOT NULL, PRIMARY KEY ("A", "B"))',
  'CREATE TABLE "_related" ("A" int NOT NULL, "B" int NOT NULL, PRIMARY KEY ("A", "B"))',
]

const read = (model: string, operation: string, args: Record<string, unknown>): Step<PrismaClient> => ({
  name: `${model}.${operation} ${JSON.stringify(args)}`,
  run: (client) => perform(client, [model, operation, args]),
})

type Relations = Record<string, () => PromiseLike<unknown>>
const fluent = (model: 'post' | 'tag', id: number, field: string): Step<PrismaClient> => ({
  name: `${model} ${id} .${field}()`,
  run: (client) => {
    const delegate = client[model] as unknown as { findUnique(args: object): Relations }
    const method = delegate.findUnique({ where: { id } })[field]
    if (!method) throw new Error(`no ${model}.${field}`)
    return method()
  },
})

const ids = [1, 2, 3]
const byId = { orderBy: { id: 'asc' } }
const tags = { tags: byId }

/** Reads of relations by a call on the row that has them. */
export const fluentReads: readonly Step<PrismaClient>[] = ids.flatMap((id) => [
  fluent('post', id, 'tags'),
  fluent('post', id, 'author'),
  fluent('post', id, 'relatedTo'),
  fluent('tag', id, 'posts'),
])

export const reads: readonly Step<PrismaClient>[] = [
  ...fluentReads,
  ...ids.flatMap((id) => [
    read('post', 'findUnique', { where: { id }, include: { tags: byId } }),
    read('post', 'findUnique', { where: { id }, select: { tags: { select: { name: true }, ...byId } } }),
    read('post', 'findUnique', { where: { id }, include: { related: byId, relatedTo: byId } }),
    read('post', 'findUnique', { where: { id }, include: { author: true } }),
    read('post', 'findUnique', { where: { id }, include: { editor: true } }),
    read('post', 'findUnique', { where: { id }, select: { author: { select: { name: true } } } }),
    read('post', 'findUnique', { where: { id }, include: { parent: { include: tags } } }),
    read('post', 'findUnique', { where: { id }, include: { children: { include: tags, ...byId } } }),
    read('post', 'findUnique', { where: { id }, include: { tags: { include: { owner: true }, ...byId } } }),
    read('post', 'findUnique', {
      where: { id },
      select: { _count: { select: { tags: true, children: true, related: true } } },
    }),
    read('tag', 'findUnique', { where: { id }, include: { posts: { include: { author: true }, ...byId } } }),
    read('tag', 'findUnique', { where: { id }, include: { owner: true } }),
    read('author', 'findUnique', { where: { id }, include: { profile: true, posts: byId, edits: byId } }),
    read('author', 'findUnique', { where: { tenant_no: { tenant: 1, no: id } }, include: { edits: byId } }),
    read('author', 'findUnique', { where: { id }, select: { posts: { select: tags, ...byId } } }),
    read('profile', 'findUnique', { where: { authorId: id }, include: { author: true } }),
  ]),
  read('post', 'findMany', { include: { tags: byId, author: true, editor: true, parent: true }, ...byId }),
  read('tag', 'findMany', { include: { posts: byId, _count: { select: { posts: true } } }, ...byId }),
  read('post', 'findMany', { where: { tags: { some: { name: 'a' } } }, ...byId }),
  read('post', 'findMany', { where: { tags: { none: {} } }, ...byId }),
  read('post', 'findMany', { where: { author: null }, ...byId }),
  read('post', 'findMany', { where: { author: { name: 'a' } }, ...byId }),
  read('post', 'findMany', { where: { editor: { isNot: { name: 'a' } } }, ...byId }),
  read('post', 'findMany', { orderBy: [{ author: { name: 'asc' } }, { id: 'asc' }] }),
  read('post', 'findMany', { orderBy: [{ tags: { _count: 'desc' } }, { id: 'asc' }] }),
  read('author', 'findMany', { where: { profile: { is: null } }, include: { profile: true }, ...byId }),
]

/** A random write that leaves rows dangling, or brings the row that others wait for. */
export function draw(random: Random): Step<PrismaClient> {
  const id = (): number => random.int(1, 3)
  const maybe = (): number | null => (random.chance(0.25) ? null : id())
  const name = (): string => random.pick(['a', 'b'])
  const link = (): object => random.pick([{ connect: { id: id() } }, { set: [] }, { set: [{ id: id() }] }])
  const model = (): string => random.pick(['author', 'post', 'tag', 'profile', 'tag', 'post'])
  const rows: Readonly<Record<string, () => object>> = {
    author: () => ({ id: id(), tenant: 1, no: id(), name: name() }),
    profile: () => ({ id: id(), authorId: maybe() }),
    post: () => ({
      ...{ id: id(), title: name(), authorId: maybe() },
      ...{ tenant: random.chance(0.7) ? 1 : null, editorNo: maybe(), parentId: maybe() },
    }),
    tag: () => ({ id: id(), name: name(), ownerId: maybe() }),
  }
  const inserted = model()
  const row = (): object => rows[inserted]?.() ?? {}
  return random.pick([
    () => read(inserted, 'create', { data: row() }),
    () => read(inserted, 'createMany', { data: [row(), row()], skipDuplicates: true }),
    () => read(model(), 'delete', { where: { id: id() } }),
    () => read(model(), 'deleteMany', { where: { id: { gt: id() } } }),
    () => read('post', 'update', { where: { id: id() }, data: { tags: link() } }),
    () => read('post', 'update', { where: { id: id() }, data: { related: link() } }),
    () => read('tag', 'update', { where: { id: id() }, data: { posts: link() } }),
    () => read('tag', 'update', { where: { id: id() }, data: { id: id() } }),
    () => read('author', 'update', { where: { id: id() }, data: { no: id(), name: name() } }),
    () => read('post', 'update', { where: { id: id() }, data: { authorId: maybe(), parentId: maybe() } }),
    () => read('tag', 'upsert', { where: { id: id() }, create: rows.tag?.(), update: { name: name() } }),
  ])()
}

export interface DanglingPrisma {
  readonly plain: PrismaClient
  readonly cached: PrismaClient
  readonly cache: ReturnType<typeof createCache>
  stop(): Promise<void>
}

export type GeneratedClient = OwnClient<typeof PrismaClient, Datamodel>

/** For any number of {@link startPrisma}: generating takes longer than a short walk. */
export function generateClient(): Promise<GeneratedClient> {
  return ownClient(`dangling-${randomBytes(4).toString('hex')}`, SCHEMA)
}

/** @param change how a test breaks the datamodel. */
export async function startPrisma(
  generated: GeneratedClient,
  change = (whole: Datamodel): Datamodel => whole,
): Promise<DanglingPrisma> {
  const database = await createDatabase(await postgresUrl())
  const pgClient = new pg.Client({ connectionString: database.url })
  await pgClient.connect()
  for (const sql of TABLES) await pgClient.query(sql)
  await pgClient.end()
  const client = () =>
    new generated.PrismaClient({
      adapter: new PrismaPg({ connectionString: database.url, max: 4 }),
      errorFormat: 'minimal',
    })
  const [plain, base] = [client(), client()]
  const cache = createCache()
  const extension = prismaCache({
    cache,
    datamodel: change(generated.datamodel),
    models: { '*': { ttl: '1h' } },
  })
  return {
    plain,
    cached: base.$extends(extension) as unknown as PrismaClient,
    cache,
    async stop() {
      await cache.close()
      await Promise.all([plain.$disconnect(), base.$disconnect()])
      await database.drop()
    },
  }
}
