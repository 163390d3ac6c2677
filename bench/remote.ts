import { memoryStore } from '@larder/core'
import type { Store } from '@larder/core/store'

/** Stands for a server that tells of changes, without the way to it: what is timed is the memory tier. */
export function remote(): Store {
  const store = memoryStore()
  const heard = performance.now()
  // As a real lease: young enough while the clock says so. An hour is longer than any benchmark here.
  const lease = { holds: () => performance.now() - heard < 3_600_000 }
  const vouched: Store['fetch'] = async (entry, tags) => {
    const found = await store.fetch(entry, tags)
    return { ...found, tags: found.tags.map((tag) => ({ ...tag, lease })) }
  }
  return { ...store, source: 'store', fetch: vouched }
}
