import type { Clock } from '../base/clock.ts'
import type { MemoryConfig } from '../options/config.ts'
import type { Store, StoreContext } from '../store/store.ts'
import { createKeptEntries, type KeptEntries } from './kept-entries.ts'
import { createKeptTags, type KeptTags } from './kept-tags.ts'
import { createStrictLoads, type StrictLoads } from './strict-loads.ts'
import { createTrackingStore } from './tracking-store.ts'

/** The entries and tags of a remote store that this process keeps. */
export interface MemoryTier {
  readonly entries: KeptEntries
  /** Present with `mode: 'push'` only. Without it, tags are fetched for every read. */
  readonly pushed: { readonly tags: KeptTags; readonly strictLoads: StrictLoads } | undefined
  /** Called by the store when something has changed. */
  readonly changed: StoreContext['changed']
  clear(): void
}

/** The store as the cache uses it, behind the memory tier if there is one. */
export interface TieredStore {
  readonly store: Store
  readonly tier: MemoryTier | undefined
}

/** Tags are small, and one entry may depend on several. */
const TAGS_PER_ENTRY = 4

export function createMemoryTier(store: Store, clock: Clock, config: MemoryConfig): TieredStore {
  if (config.mode === 'off') return { store, tier: undefined }
  const entries = createKeptEntries(clock, config)
  const changed: MemoryTier['changed'] = (names) => {
    if (names) for (const name of names) entries.changed(name)
    else entries.clear()
  }
  if (config.mode === 'validate')
    return { store, tier: { entries, pushed: undefined, changed, clear: entries.clear } }
  const tags = createKeptTags(config.maxEntries * TAGS_PER_ENTRY)
  return {
    store: createTrackingStore(store, tags, entries),
    tier: {
      entries,
      pushed: { tags, strictLoads: createStrictLoads() },
      changed(names) {
        tags.drop(names)
        changed(names)
      },
      clear() {
        tags.drop(undefined)
        entries.clear()
      },
    },
  }
}
