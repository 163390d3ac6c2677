import { type Cache, createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { prismaCache } from '@larder/prisma'
import { createDatabase, type Database, postgresUrl, repeatWhenBusy, until, valkeyUrl } from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import { PrismaPg } from '@prisma/adapter-pg'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { bigint, pgTable, text } from 'drizzle-orm/pg-core'
import { drizzle as overPostgresJs } from 'drizzle-orm/postgres-js'
import pg from 'pg'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { PrismaClient } from '../../prisma/generated/client/client.ts'
import { datamodel } from '../../prisma/generated/larder.ts'

repeatWhenBusy()

// Two programs share a Valkey with default options. Each must read its own database, with its own types.

const tags = pgTable('blog_tags', { id: bigint({ mode: 'bigint' }).primaryKey(), name: text().notNull() })

let production: Database
let staging: Database
beforeAll(async () => {
  production = await databaseOf('production')
  staging = await databaseOf('staging')
})
afterAll(async () => {
  await production.drop()
  await staging.drop()
})

async function databaseOf(name: string): Promise<Database> {
  const database = await createDatabase(await postgresUrl())
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  for (const schema of ['public', 'other'])
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema};
      CREATE TABLE ${schema}.blog_tags (id bigint PRIMARY KEY, name text NOT NULL UNIQUE);
      INSERT INTO ${schema}.blog_tags VALUES (1, '${schema === 'public' ? name : schema}')`)
  await client.end()
  return database
}

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

let count = 0
let namespace = ''
/** The cache of one program, with a store of its own. */
async function cacheOf(first: boolean): Promise<Cache> {
  if (first) namespace = `identity-${process.pid}-${count++}`
  const store = valkeyStore(await valkeyUrl())
  await store.ping()
  const cache = createCache({ store, namespace, memory: { mode: 'off' } })
  cache.on('warning', () => {})
  closing.push(() => cache.close())
  return cache
}

type Read = () => Promise<readonly unknown[]>
type Program = (cache: Cache, database: Database, name?: string) => Read

const optionsOf = ({ url }: Database): pg.PoolConfig => {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url)
  // A server that was started for the tests may be behind a socket.
  const host = searchParams.get('host') ?? hostname
  const database = pathname.slice(1)
  return { host, port: Number(port || 5432), user: decodeURIComponent(username), password, database }
}
const poolOf = (config: pg.PoolConfig): pg.Pool => {
  const pool = new pg.Pool({ max: 1, ...config })
  pool.on('error', () => {})
  closing.push(() => pool.end())
  return pool
}

const prisma =
  (adapterOf: (database: Database) => PrismaPg): Program =>
  (cache, database, name) => {
    const base = new PrismaClient({ adapter: adapterOf(database) })
    closing.push(() => base.$disconnect())
    const models = { '*': { ttl: '1h' } } as const
    const client = base.$extends(prismaCache({ cache, datamodel, models, ...(name && { database: name }) }))
    return () => client.tag.findMany({ select: { name: true } })
  }
const over =
  (dbOf: (database: Database) => ReturnType<typeof drizzle<{ tags: typeof tags }>>): Program =>
  (cache, database, name) => {
    const db = drizzleCache(dbOf(database), {
      cache,
      tables: { tags: { ttl: '1h' } },
      ...(name && { database: name }),
    })
    return async () => await db.select({ name: tags.name }).from(tags)
  }

const schema = { tags }
const PGOPTIONS = { PGOPTIONS: '-c search_path=other' }
const PRISMA: Readonly<Record<string, Program>> = {
  'a URL': prisma(({ url }) => new PrismaPg(url)),
  connectionString: prisma(({ url }) => new PrismaPg({ connectionString: url, max: 2 })),
  options: prisma((database) => new PrismaPg(optionsOf(database))),
  'a pool': prisma((database) => new PrismaPg(poolOf(optionsOf(database)))),
}
const DRIZZLE: Readonly<Record<string, Program>> = {
  'a pool with connectionString': over(({ url }) => drizzle(poolOf({ connectionString: url }), { schema })),
  'a pool with options': over((database) => drizzle(poolOf(optionsOf(database)), { schema })),
}
const POSTGRES_JS: Readonly<Record<string, Program>> = {
  'a URL': over(({ url }) => {
    const client = postgres(url, { max: 1 })
    closing.push(() => client.end())
    return overPostgresJs(client, { schema }) as unknown as ReturnType<typeof drizzle<{ tags: typeof tags }>>
  }),
}

/** Reads until the first program's entry is stored. @returns what the second program reads, and the source. */
async function second(read: Read, other: Read, cacheOfOther: Cache): Promise<readonly [string, unknown]> {
  await read()
  let source = ''
  const stop = cacheOfOther.on('read', (event) => {
    source = event.source
  })
  // The first program stores its entry in the background.
  await new Promise((resolve) => setTimeout(resolve, 100))
  const rows = await other()
  stop()
  return [source, rows]
}

for (const [orm, programs] of Object.entries({
  Prisma: PRISMA,
  Drizzle: DRIZZLE,
  'postgres-js': POSTGRES_JS,
})) {
  const [first] = Object.values(programs) as [Program]

  it.each(Object.entries(programs))(
    `${orm}: a program is not served entries of another database over %s`,
    async (_, program) => {
      const [firstCache, secondCache] = [await cacheOf(true), await cacheOf(false)]
      const [source, rows] = await second(
        program(firstCache, production),
        program(secondCache, staging),
        secondCache,
      )
      expect(rows).toEqual([{ name: 'staging' }])
      expect(source).toBe('database')
    },
  )

  it.each(Object.entries(programs))(
    `${orm}: programs that use one database share entries over %s`,
    async (_, program) => {
      const [firstCache, secondCache] = [await cacheOf(true), await cacheOf(false)]
      const reads = [first(firstCache, production), program(secondCache, production)] as const
      await until(async () => (await second(...reads, secondCache))[0] === 'store')
    },
  )

  it(`${orm}: two addresses with the same database name share entries`, async () => {
    const [firstCache, secondCache] = [await cacheOf(true), await cacheOf(false)]
    const reads = [first(firstCache, production, 'shop'), first(secondCache, staging, 'shop')] as const
    await until(async () => (await second(...reads, secondCache))[0] === 'store')
  })
}

// Prisma names the schema in its SQL, so a search path does not change what the other program reads.
it.each([
  ['Prisma', PRISMA.connectionString as Program, 'production'],
  ['Drizzle', DRIZZLE['a pool with connectionString'] as Program, 'other'],
])(
  '%s: different PGOPTIONS keep entries separate, whether set before or after a client is attached',
  async (_, program, expected) => {
    const [firstCache, secondCache, thirdCache] = [
      await cacheOf(true),
      await cacheOf(false),
      await cacheOf(false),
    ]
    const plain = program(firstCache, production)
    expect(await plain()).toEqual([{ name: 'production' }])
    const late = program(thirdCache, production)
    await new Promise((resolve) => setImmediate(resolve))
    Object.assign(process.env, PGOPTIONS)
    try {
      expect(await second(plain, program(secondCache, production), secondCache)).toEqual([
        'database',
        [{ name: expected }],
      ])
      expect(await second(plain, late, thirdCache)).toEqual(['database', [{ name: expected }]])
      expect(await plain()).toEqual([{ name: 'production' }])
    } finally {
      for (const name of Object.keys(PGOPTIONS)) delete process.env[name]
    }
    expect(await plain()).toEqual([{ name: 'production' }])
  },
)

it('a hit has the types of a miss if only one of two programs has set a type parser', async () => {
  const [first, second] = [await cacheOf(true), await cacheOf(false)]
  // The raw value reaches the caller where Drizzle has no decoder of its own.
  const pools = [poolOf({ connectionString: production.url }), poolOf({ connectionString: production.url })]
  const dbs = [first, second].map((cache, at) =>
    drizzleCache(drizzle(pools[at] as pg.Pool, { schema }), { cache, tables: { tags: { ttl: '1h' } } }),
  )
  const raw = (at: number) => dbs[at]?.select({ n: sql<unknown>`${tags.id}` }).from(tags)
  const parser = pg.types.getTypeParser(20)
  try {
    for (const round of [1, 2, 3]) {
      expect(await raw(0), `${round}`).toEqual([{ n: '1' }])
      pg.types.setTypeParser(20, Number)
      expect(await raw(1), `${round}`).toEqual([{ n: 1 }])
      expect(await raw(0), `${round}`).toEqual([{ n: 1 }])
      pg.types.setTypeParser(20, parser)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  } finally {
    pg.types.setTypeParser(20, parser)
  }
})
