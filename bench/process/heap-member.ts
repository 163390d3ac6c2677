// The process of heap.ts, with --expose-gc: keeps rows of one size in memory and says what they take.
import { type CacheOptions, createCache, memoryStore } from '@larder/core'
import { valkeyStore } from '@larder/valkey'
import { itemOf, type Size } from '../valkey/items.ts'
import { openShop, type Shop } from '../valkey/shop.ts'
import { type Holding, holdings } from './heap-snapshot.ts'

export type Keeper = 'memoryStore()' | 'validate' | 'push'

export interface KeptCase {
  readonly keeper: Keeper
  readonly size: Size
  readonly rows: number
  /** Of a Valkey server, and the first letters of its keys. */
  readonly url: string
  readonly prefix: string
  /** Say what the rows consist of, too. */
  readonly detailed: boolean
}

export interface Kept {
  /** Bytes of memory for each row. */
  readonly taken: number
  /** What `maxBytes` counts of that: the bound over what a full cache takes. */
  readonly share: number
  /** For all rows. */
  readonly holdings: readonly Holding[]
}

/** Reads at once. */
const BATCH = 50
/** Bytes for each row that what is said of them stands for at least. */
const LEAST = 2
/** How much less a full cache is allowed than all rows take. */
const FULL = 0.75
/** How long a process that watches expects the notification of its own change, in ms. */
const ECHO = 1_100

const { keeper, size, rows, url, prefix, detailed } = JSON.parse(process.argv[2] ?? '') as KeptCase

function open(maxBytes: number, name: string): { close(): Promise<void>; shop: Shop } {
  const bounds = { maxBytes: Math.round(maxBytes), maxEntries: 2 * rows }
  const options: CacheOptions =
    keeper === 'memoryStore()'
      ? { store: memoryStore({ isolated: true, ...bounds }) }
      : { namespace: `${prefix}-${name}`, store: valkeyStore(url), memory: { mode: keeper, ...bounds } }
  const cache = createCache(options)
  return { close: () => cache.close(), shop: openShop(cache, async (id) => itemOf(size, id)) }
}

function used(): number {
  for (let time = 0; time < 4; time++) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Reads each row twice, and the second time from memory. */
async function read(shop: Shop, from: number, to: number): Promise<void> {
  for (let first = from; first < to; first += BATCH) {
    const ids = Array.from({ length: Math.min(BATCH, to - first) }, (_, at) => first + at)
    await Promise.all(ids.map(shop.readItem))
    // Entries are stored a moment after their callers have the result.
    await new Promise((resolve) => setTimeout(resolve, 2))
    await Promise.all(ids.map(shop.readItem))
  }
  if (keeper === 'push') await new Promise((resolve) => setTimeout(resolve, ECHO))
}

async function taken(): Promise<Pick<Kept, 'taken' | 'holdings'>> {
  const { close, shop } = open(1e9, 'all')
  // What belongs to the process and the cache, and not to its rows.
  await read(shop, rows, rows + rows / 10)
  const before = used()
  await read(shop, 0, rows)
  const taken = (used() - before) / rows
  // Every table has an item for each row, and some for the rows before.
  const found = detailed ? (await holdings(rows / 2)).filter(({ bytes }) => bytes >= LEAST * rows) : []
  await shop.warm(() => shop.readItem(0), 'memory')
  await close()
  return { taken, holdings: found }
}

async function share(bound: number): Promise<number> {
  const before = used()
  const { close, shop } = open(bound, 'full')
  await read(shop, 0, rows)
  const bytes = used() - before
  await shop.warm(() => shop.readItem(rows - 1), 'memory')
  await close()
  return bound / bytes
}

const all = await taken()
process.send?.({ ...all, share: await share(FULL * all.taken * rows) } satisfies Kept)
process.disconnect()
