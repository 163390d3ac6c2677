import type { Cache } from '@larder/core'
import type { PrismaClient } from '../../../prisma/generated/client/client.ts'
import type { Random } from '../../support/random.ts'
import { cachedQueries, type Query } from '../../workload/prisma/query-list.ts'
import { type Shop, type ShopRead, shopReads } from './drizzle-shop.ts'

/** Both ORMs, over one database. */
export interface Clients {
  readonly prisma: PrismaClient
  readonly shop: Shop
}

/** A computed value of a few random reads of both ORMs, and of another page. */
export interface Page {
  readonly key: number
  readonly prisma: readonly Query[]
  readonly shop: readonly ShopRead[]
  readonly inner: Page | undefined
  readonly parallel: boolean
}

/** Draws pages, each the same for one seed. */
export function drawPages(random: Random, count: number): readonly Page[] {
  const pages: Page[] = []
  for (let key = 0; key < count; key++)
    pages.push({
      key,
      prisma: random.some(cachedQueries, random.int(0, 3)),
      shop: random.some(shopReads, random.int(0, 3)),
      inner: key && random.chance(0.3) ? random.pick(pages) : undefined,
      parallel: random.chance(0.5),
    })
  return pages
}

/** What a page says now: a text, for a computed value may not hold what only one ORM knows. */
export async function compute(
  page: Page,
  clients: Clients,
  inner: (page: Page) => Promise<string>,
): Promise<string> {
  const parts: (() => PromiseLike<unknown>)[] = [
    ...page.prisma.map((query) => () => query.run(clients.prisma)),
    ...page.shop.map((read) => async () => rowsOf(await read.run(clients.shop))),
    ...(page.inner ? [() => inner(page.inner as Page)] : []),
  ]
  const results: unknown[] = []
  if (page.parallel) results.push(...(await Promise.all(parts.map((part) => part()))))
  else for (const part of parts) results.push(await part())
  return JSON.stringify(results, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))
}

/** Of the driver's own result, which holds more than rows. */
function rowsOf(result: unknown): unknown {
  return typeof result === 'object' && result !== null && 'rows' in result ? result.rows : result
}

/** A page through the cache. */
export function wrapped(page: Page, clients: Clients, cache: Cache): Promise<string> {
  const load = () => compute(page, clients, (inner) => wrapped(inner, clients, cache))
  return cache.wrap(['page', page.key], { ttl: '1h' }, load)
}

/** A page as the database has it. */
export function recomputed(page: Page, clients: Clients): Promise<string> {
  return compute(page, clients, (inner) => recomputed(inner, clients))
}
