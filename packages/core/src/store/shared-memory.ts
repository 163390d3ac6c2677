import { processWide } from '../base/process-wide.ts'
import type { TagReport } from '../tags/tag.ts'
import type { LoadLeases } from './load-leases.ts'
import { MEMORY_FORMAT } from './memory-format.ts'
import type { MemoryPauses } from './memory-pauses.ts'
import type { FinishRequest, MarkRequest, SyncStore } from './store.ts'

/** Entries and tags in this process. Other copies of this module than the one that created it may call it. */
export interface MemoryState {
  readonly sync: SyncStore
  mark(request: MarkRequest): TagReport | undefined
  finish(request: FinishRequest): TagReport | undefined
  invalidateAll(): void
  readonly pauses: MemoryPauses
  readonly leases: LoadLeases
  /** Removes all entries. */
  clear(): void
}

/** Bounds of a memory store. The least recently used entry is evicted first. */
export interface MemoryBounds {
  readonly maxEntries: number
  readonly maxBytes: number
}

/** The store of one namespace in this process. */
interface SharedMemory {
  readonly state: MemoryState
  readonly bounds: MemoryBounds
  /** Number of stores that use it and have not been closed. */
  users: number
}

/** A use of the store of one namespace. The store lives as long as somebody holds a use of it. */
export interface MemoryUse {
  readonly state: MemoryState
  /** The bounds that its first user gave. */
  readonly bounds: MemoryBounds
  /** Ends the use. When the last one ends, the store is emptied and removed. */
  leave(): void
}

/** Joins the store of a namespace. `make` is called if nobody uses it yet. */
export function joinMemory(namespace: string, bounds: MemoryBounds, make: () => MemoryState): MemoryUse {
  // Held weakly, so that a store can be collected with caches that were never closed.
  const stores = processWide(
    `memory-stores.${MEMORY_FORMAT}`,
    (): Map<string, WeakRef<SharedMemory>> => new Map(),
  )
  for (const [name, store] of stores) if (!store.deref()) stores.delete(name)
  const existing = stores.get(namespace)?.deref()
  const memory = existing ?? { state: make(), bounds, users: 0 }
  if (!existing) stores.set(namespace, new WeakRef(memory))
  memory.users++
  let hasLeft = false
  return {
    state: memory.state,
    bounds: memory.bounds,
    leave() {
      if (hasLeft) return
      hasLeft = true
      memory.users--
      if (memory.users > 0) return
      memory.state.clear()
      if (stores.get(namespace)?.deref() === memory) stores.delete(namespace)
    },
  }
}
