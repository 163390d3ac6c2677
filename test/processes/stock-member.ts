import { createCache } from '@larder/core'
import type { Store } from '@larder/core/store'
import { valkeyStore } from '@larder/valkey'
import { openStockClient } from './open-stock-client.ts'

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
const host = await openStockClient(name, {
  cache,
  connectionString: database,
  policy: { ttl: '1h' },
  max: 3,
})

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

process.on('message', (ask: StockAsk) => void answer(ask).then((reply) => process.send?.(reply)))
process.send?.({})
