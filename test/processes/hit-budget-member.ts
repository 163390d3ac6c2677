import { createHook } from 'node:async_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Cache, createCache } from '@larder/core'
import { valkeyStore } from '@larder/valkey'
import { ITEM } from '../../bench/item-host.ts'
import { openShop } from '../../bench/valkey/shop.ts'
import { COUNTERS, type Counter } from './counters.ts'

// Counts what one hit makes. A process of its own: nothing else runs while it counts.

/** `engine`: without an ORM. */
const HOSTS = { ...COUNTERS, engine }

export interface HitsAsk {
  readonly host: keyof typeof HOSTS
  /** Where the hit comes from: the memory store, or a mode of the memory tier over Valkey. */
  readonly from: 'memory' | 'off' | 'validate' | 'push'
}

export interface HitsAnswer {
  /** Promises that one hit makes. */
  readonly promises: number
  /** Bytes on the heap that one hit allocates, those included that are garbage at once. */
  readonly bytes: number
  /** Reads that were no hits. */
  readonly others: number
}

const [connection = '', url = '', namespace = '', ...counts] = process.argv.slice(2)
/** As many hits as are counted fit into the young generation: no collection runs in between. */
const [WARM_UP = 0, HITS = 0] = counts.map(Number)
// In MB, and set before anything is allocated.
setFlagsFromString('--min-semi-space-size=64')
setFlagsFromString('--max-semi-space-size=64')
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

async function count({ host, from }: HitsAsk): Promise<HitsAnswer> {
  const namespaceOfCase = `${namespace}-${host}-${from}`
  const cache = createCache(
    from === 'memory'
      ? { namespace: namespaceOfCase }
      : { namespace: namespaceOfCase, store: valkeyStore(url), memory: { mode: from } },
  )
  const { increment, read } = HOSTS[host](cache, connection)
  try {
    // A written row is stored with the write.
    await increment()
    for (let time = 0; time < WARM_UP; time++) await read()
    const before = cache.stats().hits
    const promises = await countPromises(() => repeat(read))
    const bytes = await countBytes(() => repeat(read))
    return { promises, bytes, others: 2 * HITS - (cache.stats().hits - before) }
  } finally {
    await cache.close()
  }
}

function engine(cache: Cache): Counter {
  const { readItem, writeItem, warm } = openShop(cache, async () => ITEM)
  return {
    async increment() {
      await writeItem(ITEM.id)
      // Nothing here waits for a database, and without a wait the store would never connect.
      await warm(() => readItem(ITEM.id))
      return 0
    },
    async read() {
      await readItem(ITEM.id)
      return 0
    },
  }
}

async function repeat(read: () => Promise<unknown>): Promise<void> {
  for (let time = 0; time < HITS; time++) await read()
}

/** Those of the loop and of the counter included: about five for each hit. */
async function countPromises(action: () => Promise<void>): Promise<number> {
  let promises = 0
  const hook = createHook({
    init(_id, type) {
      if (type === 'PROMISE') promises++
    },
  }).enable()
  await action()
  hook.disable()
  return promises / HITS
}

async function countBytes(action: () => Promise<void>): Promise<number> {
  collect()
  const before = process.memoryUsage().heapUsed
  await action()
  return (process.memoryUsage().heapUsed - before) / HITS
}

process.on('message', async (ask: HitsAsk) => process.send?.(await count(ask)))
process.on('disconnect', () => process.exit())
process.send?.({ ready: true })
