import { processWide } from '../base/process-wide.ts'
import type { TagReport } from '../tags/tag.ts'
import type { LoadLeases } from './load-leases.ts'
import { MEMORY_FORMAT } from './memory-format.ts'
import type { MemoryPauses } from './memory-pauses.ts'
import type { FinishRequest, MarkRequest, SyncStore } from './store.ts'

/** Entries and tags in this process. Copies of this module may call it that were not the ones to make it. */
export interface MemoryState {
  readonly sync: SyncStore
  mark(request: MarkRequest): TagReport | undefined
  finish(request: FinishRequest): TagReport | undefined
  invalidateAll(): void
  readonly pauses: MemoryPauses
  readonly leases: LoadLeases
  /** Forgets all entries. */
  clear(): void
}

/** Bounds of what is held; the least recently used goes first. */
export interface MemoryBounds {
  readonly maxEntries: number
  readonly maxBytes: number
}

/** The store of one namespace in this process, with all that use it. */
interface SharedMemory {
  readonly state: MemoryState
  readonly bounds: MemoryBounds
  /** Those that have not been closed. */
  users: number
}

/** A use of the store of one namespace. Holding it keeps the store. */
export interface MemoryUse {
  readonly state: MemoryState
  /** The bounds of the store: those of its first user. */
  readonly bounds: MemoryBounds
  /** Ends the use; the last one empties the store and leaves no trace of it. */
  leave(): void
}

/** Joins the store of a namespace. `make` is called when nobody uses it yet. */
export function joinMemory(namespace: string, bounds: MemoryBounds, make: () => MemoryState): MemoryUse {
  // Held weakly: a store also ends when its caches are collected without being closed.
  const stores = processWide(
    `memory-stores.${MEMORY_FORMAT}`,
    (): Map<string, WeakRef<SharedMemory>> => new Map(),
  )
  for (const [name, store] of stores) if (!store.deref()) stores.delete(name)
  const found = stores.get(namespace)?.deref()
  const memory = found ?? { state: make(), bounds, users: 0 }
  if (!found) stores.set(namespace, new WeakRef(memory))
  memory.users++
  let left = false
  return {
    state: memory.state,
    bounds: memory.bounds,
    leave() {
      if (left) return
      left = true
      memory.users--
      if (memory.users > 0) return
      memory.state.clear()
      if (stores.get(namespace)?.deref() === memory) stores.delete(namespace)
    },
  }
}
