import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createCache } from '@larder/core'
import { until } from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import { openStockClient } from './open-stock-client.ts'

// A process of its own that reads one row many times at once, or writes it.

export type HerdAsk = { readonly herd: number; readonly id: number } | { readonly raise: number }

/** What the reads of a herd returned, each value once, and how long the last one took in milliseconds. */
export interface HerdAnswer {
  readonly versions: readonly number[]
  /** Why reads ran a query of their own, for each that did. */
  readonly loads: readonly string[]
  readonly took: number
  /**
   * True if calls of the store failed or were late, or if this process was busy for so long that it could not renew a
   * lease: reads then go to the database.
   */
  readonly disturbed: boolean
}

const [database = '', valkey = '', namespace = '', name = ''] = process.argv.slice(2)
const store = valkeyStore(valkey)
const cache = createCache({ store, namespace })
const host = await openStockClient(name, {
  cache,
  connectionString: database,
  policy: { ttl: '1h', singleFlight: 'cluster' },
  max: 2,
})

const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()
/** In which a lease has to be renewed, in nanoseconds. */
const BUSY = 1e9
let failures = 0
cache.on('store-error', () => failures++)
let ready = true
cache.on('store-state', ({ state }) => {
  ready = state === 'ready'
})

async function answer(ask: HerdAsk): Promise<HerdAnswer> {
  const began = performance.now()
  if ('raise' in ask) {
    await host.raise(ask.raise)
    return { versions: [], loads: [], took: performance.now() - began, disturbed: false }
  }
  // After a herd that found the store too slow, reads are not sent for a while, and nothing of that is a new error.
  await until(async () => ready)
  failures = 0
  delay.reset()
  const results = await Promise.all(
    Array.from({ length: ask.herd }, () => cache.explain(() => host.read(ask.id))),
  )
  const ownLoads = results.filter(({ reads: [read] }) => read?.source === 'database' && !read.shared)
  return {
    versions: [...new Set(results.map(({ result }) => result))],
    loads: ownLoads.map(({ reads: [read] }) => read?.reason ?? 'none'),
    took: performance.now() - began,
    disturbed: failures > 0 || !ready || delay.max > BUSY,
  }
}

process.on('message', (ask: HerdAsk) => void answer(ask).then((reply) => process.send?.(reply)))
// Everything is connected before the first herd. Eight processes that start at once keep a small machine busy.
await until(async () => {
  await store.ping()
  await host.read(-1)
  return true
}, 60_000)
process.send?.({})
