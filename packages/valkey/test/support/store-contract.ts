import { setTimeout as wait } from 'node:timers/promises'
import { sized } from '@larder/testing'
import { type ValkeyStore, type ValkeyStoreOptions, valkeyStore } from '@larder/valkey'

export const pass = (ms: number): Promise<void> => wait(ms)

/** For what differs in its client only, or its topology, from a store that keeps the full contract here. */
export const extent = sized('short', 'full')

export const open = async (options: string | ValkeyStoreOptions): Promise<ValkeyStore> => {
  const store = valkeyStore(options)
  await store.ping()
  return store
}
