import { type Cache, createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { prismaCache } from '@larder/prisma'
import { valkeyStore } from '@larder/valkey'
import { and, asc, gte, lt } from 'drizzle-orm'
import { Redis } from 'iovalkey'
import { datamodel } from '../../prisma/generated/larder.ts'
import { compare } from '../compare.ts'
import type { Context } from '../context.ts'
import { type Db, products } from '../products.ts'
import { type Case, interleave } from '../rounds.ts'

/** Rows of a list. */
const SIZES = [10, 100, 500] as const
/** Where a list begins: there are more rows than this and the longest list. */
const STARTS = 4_000
const PLAIN = 'plain'
const BY_HAND = 'by hand: GET, SET of JSON'

/** A list of so many rows that nobody has read before: what is measured is a miss. */
export type List = (rows: number) => PromiseLike<readonly unknown[]>

interface Client {
  readonly name: string
  readonly list: List
}

/** What a miss adds to the query: encoding and storing the rows, in the background too. */
export async function benchMisses(context: Context): Promise<void> {
  const { url, prefix } = await context.server()
  const shop = await context.products()
  const { prisma } = await context.serverCatalogue()
  const modes = context.quick ? (['validate'] as const) : (['off', 'validate'] as const)
  const caches = [
    { name: 'Larder, memory', cache: createCache({ namespace: `${prefix}-misses` }) },
    ...modes.map((mode) => ({
      name: `Larder, Valkey, ${mode}`,
      cache: createCache({
        store: valkeyStore(url),
        namespace: `${prefix}-misses-${mode}`,
        memory: { mode },
      }),
    })),
  ]
  const behind = (cached: (cache: Cache) => List): Client[] =>
    caches.map(({ name, cache }) => ({ name, list: cached(cache) }))
  const ttl = '1m'
  const client = new Redis(url)
  const aside = (list: List): Client => ({ name: BY_HAND, list: byHand(client, prefix, list) })
  const hosts = {
    Prisma: [
      { name: PLAIN, list: strikes(prisma) },
      aside(strikes(prisma)),
      ...behind((cache) =>
        strikes(prisma.$extends(prismaCache({ cache, datamodel, models: { Strike: { ttl } } }))),
      ),
    ],
    Drizzle: [
      { name: PLAIN, list: goods(shop.connect()) },
      aside(goods(shop.connect())),
      ...behind((cache) => goods(drizzleCache(shop.connect(), { cache, tables: { '*': { ttl } } }))),
    ],
  }
  try {
    for (const [host, clients] of Object.entries(hosts))
      for (const rows of SIZES) await measure(context, host, clients, rows)
    const hits = caches.reduce((sum, { cache }) => sum + cache.stats().hits, 0)
    if (hits > 0) throw new Error(`Not all misses: ${hits} reads were hits`)
  } finally {
    client.disconnect()
    for (const { cache } of caches) await cache.close()
  }
}

async function measure(
  { remoteBudget, show }: Context,
  host: string,
  clients: readonly Client[],
  rows: number,
): Promise<void> {
  const cases = clients.map(
    ({ name, list }): Case => ({
      name,
      async run() {
        const { length } = await list(rows)
        if (length !== rows) throw new Error(`${length} rows came, not ${rows}`)
      },
    }),
  )
  const timed = await interleave(cases, remoteBudget)
  show({
    id: `${host}-${rows}`,
    title: `${host} on PostgreSQL: a list of ${rows} rows that misses, one at a time`,
    note: `By hand: a GET that is waited for, the query, and a SET of its rows as JSON that is not. It keeps no
types, and no write invalidates it.`,
    ...compare(timed, [
      { head: '× plain', name: PLAIN },
      { head: '× by hand', name: BY_HAND },
    ]),
  })
}

/** What a miss costs whoever writes the cache around the query. */
function byHand(client: Redis, prefix: string, list: List): List {
  let lists = 0
  return async (rows) => {
    const key = `${prefix}-by-hand-${lists++}`
    await client.get(key)
    const result = await list(rows)
    void client.set(key, JSON.stringify(result), 'PX', 60_000)
    return result
  }
}

/** A filter that no earlier list had: the same rows come again only under another key. */
function ranges(): () => { from: number; to: number } {
  let lists = 0
  return () => ({ from: 1 + (lists++ % STARTS), to: 1_000_000 + lists })
}

interface Strikes {
  readonly strike: {
    findMany(args: {
      where: { id: { gte: number; lt: number } }
      orderBy: { id: 'asc' }
      take: number
    }): PromiseLike<readonly unknown[]>
  }
}

export function strikes({ strike }: Strikes): List {
  const next = ranges()
  return (take) => {
    const { from, to } = next()
    return strike.findMany({ where: { id: { gte: from, lt: to } }, orderBy: { id: 'asc' }, take })
  }
}

export function goods(db: Db): List {
  const next = ranges()
  return (take) => {
    const { from, to } = next()
    const within = and(gte(products.id, from), lt(products.id, to))
    return db.select().from(products).where(within).orderBy(asc(products.id)).limit(take)
  }
}
