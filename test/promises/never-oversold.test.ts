import { setImmediate as turn } from 'node:timers/promises'
import { type Cache, createCache, memoryStore } from '@larder/core'
import { sweep, valkeyUrl } from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startPostgresDatabase, type TestDatabase } from '../support/databases.ts'
import { drizzleShop, prismaShop, type Shop } from '../support/lamp-shops.ts'

// A shop never sells more than it has, and never displays an older count than a checkout that has returned.

const ITEMS = 100
const BUYERS = 64
const HOSTS = { prisma: [prismaShop], drizzle: [drizzleShop], both: [prismaShop, drizzleShop] } as const

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

/** Two shops over Valkey, each with a cache of its own; over memory they share one. */
async function shops(kind: 'memory' | 'valkey', host: keyof typeof HOSTS): Promise<readonly Shop[]> {
  const namespace = `inventory-${process.pid}-${host}`
  for (let index = 0; index < (kind === 'memory' ? 1 : 2); index++)
    caches.push(
      createCache(
        kind === 'memory' ? { store: memoryStore() } : { namespace, store: valkeyStore(await valkeyUrl()) },
      ),
    )
  // One cache may serve both hosts. Of two caches each serves one.
  const makers = HOSTS[host]
  if (caches.length === 1) return makers.map((make) => make(database, caches[0] as Cache))
  return caches.map((cache, index) => (makers[index] ?? makers[0])(database, cache))
}

/** Buys until nothing is left. @returns how many it got. */
async function buyer(shop: Shop, committed: (remaining: number) => void): Promise<number> {
  for (let bought = 0; ; bought++) {
    const remaining = await shop.buy()
    if (remaining === undefined) return bought
    committed(remaining)
  }
}

test.each(
  (['memory', 'valkey'] as const).flatMap((kind) =>
    sweep(['both', 'prisma', 'drizzle'] as const).map((host) => [kind, host] as const),
  ),
)(
  `${BUYERS} buyers of ${ITEMS} items over %s through %s buy each item once, and no display shows an older count`,
  async (kind, host) => {
    const all = await shops(kind, host)
    let least = ITEMS
    let selling = true
    const late: string[] = []
    const watch = async (shop: Shop): Promise<void> => {
      while (selling) {
        // A hit in memory leaves no room for anybody else's answers.
        await turn()
        const most = least
        const quantity = await shop.display()
        if (quantity > most) late.push(`${quantity} on display when ${most} were left`)
      }
    }
    const displays = all.map(watch)
    const sold = await Promise.all(
      Array.from({ length: BUYERS }, (_, index) =>
        buyer(all[index % all.length] as Shop, (remaining) => {
          least = Math.min(least, remaining)
        }),
      ),
    )
    selling = false
    await Promise.all(displays)
    expect(sold.reduce((sum, count) => sum + count, 0)).toBe(ITEMS)
    expect(late).toEqual([])
    for (const shop of all) expect(await shop.display()).toBe(0)
    const { quantity, version } = await database
      .client()
      .client.stock.findUniqueOrThrow({ where: { sku: 'lamp' } })
    expect([quantity, version]).toEqual([0, ITEMS])
  },
)
