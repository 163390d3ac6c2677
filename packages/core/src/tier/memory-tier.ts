import type { Clock } from '../base/clock.ts'
import type { MemoryConfig } from '../options/config.ts'
import type { Store, StoreContext } from '../store/store.ts'
import { createKeptEntries, type KeptEntries } from './kept-entries.ts'
import { createKeptTags, type KeptTags } from './kept-tags.ts'
import { createStrictLoads, type StrictLoads } from './strict-loads.ts'
import { createTrackingStore } from './tracking-store.ts'

/** What this process keeps of a remote store. */
export interface MemoryTier {
  readonly entries: KeptEntries
  /** Absent unless the store is to tell of changes: tags are then asked for every time. */
  readonly pushed: { readonly tags: KeptTags; readonly strictLoads: StrictLoads } | undefined
  /** What the store tells of. */
  readonly changed: StoreContext['changed']
  clear(): void
}

/** The store as the cache uses it, with the tier in front of it if there is one. */
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
