// The process of heap.ts, with --expose-gc: fills a memory store and says what its rows take.
import { type Cache, createCache, memoryStore } from '@larder/core'
import { itemOf } from '../valkey/items.ts'
import { openShop, type Shop } from '../valkey/shop.ts'

export interface HeapUse {
  readonly rows: number
  /** Bytes of memory for each. */
  readonly bytesPerRow: number
  /** Bytes that `maxBytes` counts for each. */
  readonly countedPerRow: number
}

const ROWS = 5_000
const BOUND = 4_000_000

function open(maxBytes: number): { cache: Cache; shop: Shop } {
  const store = memoryStore({ isolated: true, maxBytes, maxEntries: 1_000_000 })
  const cache = createCache({ store })
  return { cache, shop: openShop(cache, async (id) => itemOf('300 B', id)) }
}

function used(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

async function taken(): Promise<number> {
  const { cache, shop } = open(1_000_000_000)
  // What belongs to the cache, and not to its rows.
  for (let time = 0; time < 2; time++) await shop.readItem(ROWS + 1)
  const before = used()
  for (let time = 0; time < 2; time++) for (let id = 0; id < ROWS; id++) await shop.readItem(id)
  const bytes = (used() - before) / ROWS
  const { hits } = cache.stats()
  if (hits < ROWS) throw new Error(`Only ${hits} of ${ROWS} rows were kept`)
  await cache.close()
  return bytes
}

async function counted(): Promise<number> {
  const { cache, shop } = open(BOUND)
  for (let id = 0; id < 3 * ROWS; id++) await shop.readItem(id)
  const before = cache.stats().hits
  // From the last one back: a miss would store, and evict those not yet asked for.
  let kept = 0
  for (let id = 3 * ROWS - 1; id >= 0; id--, kept++) {
    await shop.readItem(id)
    if (cache.stats().hits - before <= kept) break
  }
  await cache.close()
  return BOUND / kept
}

process.send?.({ rows: ROWS, bytesPerRow: await taken(), countedPerRow: await counted() } satisfies HeapUse)
process.disconnect()
