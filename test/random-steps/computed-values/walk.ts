import { type Cache, createCache } from '@larder/core'
import pg from 'pg'
import type { PrismaClient } from '../../../prisma/generated/client/client.ts'
import { cachedClient } from '../../support/cached-client.ts'
import type { TestDatabase } from '../../support/databases.ts'
import { createRandom } from '../../support/random.ts'
import { createKeys, populate, readExistingKeys } from '../../workload/prisma/rows.ts'
import { randomStep } from '../../workload/prisma/steps.ts'
import { cachedShop, plainShop, shopWrite } from './drizzle-shop.ts'
import { type Clients, drawPages, type Page, recomputed, wrapped } from './pages.ts'

/** A page that is not what the database holds. */
export interface Stale {
  readonly seed: number
  readonly step: number
  readonly after: string
  readonly page: string
  readonly cached: string
  readonly database: string
}

export interface Account {
  readonly stale: readonly Stale[]
  readonly pages: number
  readonly hits: number
}

export interface Run {
  readonly database: TestDatabase
  readonly seed: number
  readonly steps: number
  readonly cache?: Cache
  /** Whether the reads of the pages are cached themselves. */
  readonly policies: boolean
}

const PAGES = 24

/** Takes random steps by both ORMs, and compares every page with what it would be now after each. */
export async function walk({
  database,
  seed,
  steps,
  policies,
  cache = createCache(),
}: Run): Promise<Account> {
  const pool = await poolOf(database)
  try {
    const plain: Clients = { prisma: database.client().client, shop: plainShop(pool) }
    const { client } = cachedClient(database.client().client, { cache, ...(policies ? {} : { models: {} }) })
    const under: Clients = {
      prisma: client as unknown as PrismaClient,
      shop: cachedShop(pool, cache, policies),
    }
    await populate(plain.prisma, database.run)
    const random = createRandom(seed)
    const pages = drawPages(random, PAGES)
    const stale: Stale[] = []
    const counts = { pages: 0, hits: 0 }
    for (let step = 0; step < steps && !stale.length; step++) {
      // What is asked while a step runs may be of before or after it. It must not be stored as if it were of after it.
      const beside = Promise.all(random.some(pages, 8).map((page) => wrapped(page, under, cache)))
      const after = await takeStep(database, under, cache, random)
      await beside
      for (const difference of await compare(pages, { under, plain, cache, counts }))
        stale.push({ seed, step, after, ...difference })
    }
    return { stale, ...counts }
  } finally {
    await pool.end()
  }
}

async function takeStep(
  database: TestDatabase,
  { prisma, shop }: Clients,
  cache: Cache,
  random: ReturnType<typeof createRandom>,
): Promise<string> {
  if (random.chance(0.4)) return shopWrite(shop, random)
  const existing = await readExistingKeys(database.run)
  const source = { random, existing, keys: createKeys(random, existing) }
  const stage = { client: prisma, cache, readOutside: async () => {}, full: true, keyed: true }
  const { name, run } = randomStep(stage, source)
  await run()
  return `Prisma: ${name}`
}

interface Comparison {
  readonly under: Clients
  readonly plain: Clients
  readonly cache: Cache
  readonly counts: { pages: number; hits: number }
}

async function compare(
  pages: readonly Page[],
  { under, plain, cache, counts }: Comparison,
): Promise<readonly Pick<Stale, 'page' | 'cached' | 'database'>[]> {
  const differences: Pick<Stale, 'page' | 'cached' | 'database'>[] = []
  const before = cache.stats().models.wrap?.hits ?? 0
  const cached = await Promise.all(pages.map((page) => wrapped(page, under, cache)))
  counts.hits += (cache.stats().models.wrap?.hits ?? 0) - before
  counts.pages += pages.length
  for (const [index, page] of pages.entries()) {
    const database = await recomputed(page, plain)
    const value = cached[index] ?? ''
    if (value === database) continue
    const names = [...page.prisma, ...page.shop].map(({ name }) => name)
    differences.push({ page: `${page.key}: ${names.join(', ')}`, cached: value, database })
  }
  return differences
}

async function poolOf(database: TestDatabase): Promise<pg.Pool> {
  const [row] = await database.run('SELECT current_database() AS name')
  const { host, port, user, password } = await database.connect()
  const connection = {
    host,
    port,
    user: user ?? '',
    password: password ?? '',
    database: String(row?.name),
  }
  const pool = new pg.Pool({ ...connection, max: 5 })
  pool.on('error', () => {})
  return pool
}
