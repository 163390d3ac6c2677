import type { Cache } from '@larder/core'
import { ITEM } from '../../bench/item-host.ts'
import { openShop } from '../../bench/valkey/shop.ts'
import { COUNTERS, type Counter } from './counters.ts'
import type { HitsAsk } from './hit-budget-member.ts'

// The program of hit-budget-member.ts with one host more: none, so that only the engine is counted.

/** What this program can be asked for. */
export type BudgetAsk = Omit<HitsAsk, 'host'> & { readonly host: HitsAsk['host'] | 'engine' }

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

Object.assign(COUNTERS, { engine })
await import('./hit-budget-member.ts')
