import { setImmediate as turn } from 'node:timers/promises'
import { type Cache, createCache, memoryStore } from '@larder/core'
import { valkeyUrl } from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { PrismaClient } from '../prisma/generated/client/client.ts'
import { type CachedClient, cachedClient } from './cached.ts'
import { startPostgresDatabase, type TestDatabase } from './databases.ts'

// The shop's measure: never oversold at the checkout, never an old figure on display.

const ITEMS = 100
const BUYERS = 64
const lamp = { where: { sku: 'lamp' } } as const

let database: TestDatabase
let caches: Cache[]
beforeEach(async () => {
  database = await startPostgresDatabase(10)
  caches = []
  await database.client().client.stock.create({ data: { sku: 'lamp', warehouse: 'w', quantity: ITEMS } })
})
afterEach(async () => {
  await Promise.all(caches.map((cache) => cache.close()))
  await database.stop()
})

/** Two shop processes, or the one there can be. */
async function shops(kind: 'memory' | 'valkey'): Promise<readonly CachedClient[]> {
  const namespace = `inventory-${process.pid}`
  for (let index = 0; index < (kind === 'memory' ? 1 : 2); index++)
    caches.push(
      createCache(
        kind === 'memory' ? { store: memoryStore() } : { namespace, store: valkeyStore(await valkeyUrl()) },
      ),
    )
  return caches.map((cache) => cachedClient(database.client().client, { cache }).client)
}

/** Buys until nothing is left. @returns how many it got. */
async function buyer(shop: CachedClient, committed: (left: number) => void): Promise<number> {
  for (let bought = 0; ; bought++) {
    const left = await shop.$transaction(
      async (tx) => {
        const { quantity } = await tx.stock.lock(lamp)
        if (!quantity) return undefined
        await tx.stock.update({ ...lamp, data: { quantity: quantity - 1, version: { increment: 1 } } })
        return quantity - 1
      },
      { maxWait: 60_000, timeout: 60_000 },
    )
    if (left === undefined) return bought
    committed(left)
  }
}

test.each(['memory', 'valkey'] as const)(
  `${BUYERS} buyers of ${ITEMS} items over %s: each is sold once, and no display is behind`,
  {
    timeout: 120_000,
  },
  async (kind) => {
    const both = await shops(kind)
    let least = ITEMS
    let selling = true
    const late: string[] = []
    const display = async (shop: CachedClient): Promise<void> => {
      while (selling) {
        // A hit in memory leaves no room for anybody else's answers.
        await turn()
        const most = least
        const { quantity } = await (shop as unknown as PrismaClient).stock.findUniqueOrThrow(lamp)
        if (quantity > most) late.push(`${quantity} on display when ${most} were left`)
      }
    }
    const displays = both.map(display)
    const sold = await Promise.all(
      Array.from({ length: BUYERS }, (_, index) =>
        buyer(both[index % both.length] as CachedClient, (left) => {
          least = Math.min(least, left)
        }),
      ),
    )
    selling = false
    await Promise.all(displays)
    expect(sold.reduce((sum, one) => sum + one, 0)).toBe(ITEMS)
    expect(late).toEqual([])
    for (const shop of both) expect((await shop.stock.findUniqueOrThrow(lamp)).quantity).toBe(0)
    expect((await database.client().client.stock.findUniqueOrThrow(lamp)).version).toBe(ITEMS)
  },
)
