import { type Cache, createCache } from '@larder/core'
import type { Store } from '@larder/core/store'
import { drizzleCache } from '@larder/drizzle'
import { prismaCache } from '@larder/prisma'
import { valkeyStore } from '@larder/valkey'
import { PrismaPg } from '@prisma/adapter-pg'
import { eq, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { PrismaClient } from '../../prisma/generated/client/client.ts'
import { datamodel } from '../../prisma/generated/larder.ts'

// A process of its own that reads and writes rows, and stops in the middle of a write when it is told to.

/** `stopAt`: the write never ends. The process answers when the write has got there. */
export type StockAsk =
  | { readonly read: number }
  | { readonly raise: number; readonly stopAt: StopPoint }
  | { readonly raiseForEver: readonly number[] }

/** `'marked'`: after its statement and the store's answer to its mark, before COMMIT. `'committed'`: before its finish. */
export type StopPoint = 'marked' | 'committed'

/** The version of a row, or of the write, and where it came from. */
export interface StockAnswer {
  readonly version: number
  readonly source: string
}

interface Host {
  read(id: number): Promise<number>
  /** Adds one to a row's version in a transaction. `then` runs before COMMIT. */
  raise(id: number, then: () => Promise<void>): Promise<void>
}

const hosts: Readonly<Record<string, (cache: Cache, connectionString: string) => Host>> = {
  prisma(cache, connectionString) {
    const client = new PrismaClient({ adapter: new PrismaPg({ connectionString, max: 3 }) })
    const db = client.$extends(prismaCache({ cache, datamodel, models: { Stock: { ttl: '1h' } } }))
    return {
      read: async (id) => (await db.stock.findUnique({ where: { id } }))?.version ?? -1,
      raise: (id, then) =>
        db.$transaction(
          async (tx) => {
            await tx.stock.update({ where: { id }, data: { version: { increment: 1 } } })
            await then()
          },
          { timeout: 120_000 },
        ),
    }
  },
  drizzle(cache, connectionString) {
    const stock = pgTable('inventory_stock', { id: integer().primaryKey(), version: integer().notNull() })
    const pool = new pg.Pool({ connectionString, max: 3 })
    pool.on('error', () => {})
    const db = drizzleCache(drizzle(pool, { schema: { stock } }), { cache, tables: { stock: { ttl: '1h' } } })
    return {
      read: async (id) => (await db.select().from(stock).where(eq(stock.id, id)))[0]?.version ?? -1,
      raise: (id, then) =>
        db.transaction(async (tx) => {
          await tx
            .update(stock)
            .set({ version: sql`${stock.version} + 1` })
            .where(eq(stock.id, id))
          await then()
        }),
    }
  },
}

const [database = '', valkey = '', namespace = '', name = ''] = process.argv.slice(2)
const never = new Promise<never>(() => {})
const marked = Promise.withResolvers<void>()
const reached = Promise.withResolvers<void>()
let stopPoint: StopPoint | undefined

/** The real store, except that it says when a mark was acknowledged, and keeps back the finish of a stopped write. */
function observedStore(store: Store): Store {
  return {
    ...store,
    async mark(request) {
      const report = await store.mark(request)
      marked.resolve()
      return report
    },
    finish(request) {
      if (stopPoint !== 'committed') return store.finish(request)
      reached.resolve()
      return never
    },
  }
}

const cache = createCache({
  store: observedStore(valkeyStore(valkey)),
  namespace,
  memory: { mode: 'validate' },
})
const host = (hosts[name] as (typeof hosts)[string])(cache, database)

async function beforeCommit(): Promise<void> {
  if (stopPoint !== 'marked') return
  await marked.promise
  reached.resolve()
  await never
}

async function raiseForEver(ids: readonly number[]): Promise<never> {
  for (;;) await Promise.all(ids.map((id) => host.raise(id, async () => {})))
}

async function answer(ask: StockAsk): Promise<StockAnswer> {
  if ('read' in ask) {
    const { result, reads } = await cache.explain(() => host.read(ask.read))
    return { version: result, source: reads[0]?.source ?? 'none' }
  }
  if ('raiseForEver' in ask) void raiseForEver(ask.raiseForEver)
  else {
    stopPoint = ask.stopAt
    void host.raise(ask.raise, beforeCommit)
    await reached.promise
  }
  return { version: 0, source: 'none' }
}

process.on('message', (ask: StockAsk) => void answer(ask).then((found) => process.send?.(found)))
process.send?.({})
