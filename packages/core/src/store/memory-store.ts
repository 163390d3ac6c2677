import cluster from 'node:cluster'
import { isMainThread } from 'node:worker_threads'
import { type ByteSize, bytes } from '../base/byte-size.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import { CacheError } from '../base/errors.ts'
import { processWide } from '../base/process-wide.ts'
import { show } from '../base/show.ts'
import { createMemoryState, type MemoryBounds, type MemoryState, type OnPause } from './memory-state.ts'
import { joinMemory, type MemoryUse } from './shared-memory.ts'
import type { Store, StoreContext, SyncStore } from './store.ts'

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /**
   * Set it to `true` if this process and this thread are the only ones that write to the database. Required in a worker of
   * `node:cluster`; in a worker thread it silences the warning. Default `false`.
   */
  singleProcess?: boolean
  /**
   * Set it to `true` for a store of its own, whatever its namespace. Use it in tests only: in an application, other caches of
   * the process would not see the writes of this one. Default `false`.
   */
  isolated?: boolean
  /** Maximum number of entries. The least recently used entry is evicted first. Default 50,000. */
  maxEntries?: number
  /** Maximum memory taken by entries. Default `'64mb'`. */
  maxBytes?: ByteSize
  /** Time source, for tests. A store with its own clock is isolated. */
  clock?: Clock
}

/**
 * Makes a store in the memory of this process. It needs no server and gives the same guarantees as one, as long as only
 * this process writes to the database. It is bounded by entries and bytes, and never evicts a tag that carries a mark.
 *
 * All memory stores of one namespace in a process are one store, even if the module is loaded several times, as Next.js
 * does. The first one sets the bounds. The store is emptied when the last cache that uses it is closed. In a worker thread
 * it emits a process warning, because it cannot be shared with other threads.
 * @throws CacheError `LARDER_CLUSTER_WORKER` in a worker of `node:cluster`, `LARDER_CONFIG` for a wrong option.
 * @example
 * ```ts
 * const cache = createCache({ namespace: 'shop', store: memoryStore({ maxBytes: '128mb' }) })
 * ```
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  refuseUnknown(options)
  refuseClusterWorker(options)
  const clock = options.clock ?? systemClock
  const isolated = options.isolated === true || options.clock !== undefined
  const bounds: MemoryBounds = {
    maxEntries: positive(options.maxEntries ?? 50_000, 'memoryStore.maxEntries'),
    maxBytes: bytes(options.maxBytes ?? '64mb', 'memoryStore.maxBytes'),
  }
  if (!isolated && options.singleProcess !== true) warnOfThread()
  /** How many caches opened it and have not closed it. */
  let opened = 0
  let namespace: string | undefined
  let shared: MemoryUse | undefined
  let own: MemoryState | undefined
  const followers = createFollowers()
  const state = (): MemoryState => {
    if (shared) return shared.state
    own ??= createMemoryState(clock, bounds)
    return own
  }
  // Never the state's own: whoever took them before the store was opened would go on with another state.
  const sync: SyncStore = {
    fetch: (entry, requests) => state().sync.fetch(entry, requests),
    seed: (requests) => state().sync.seed(requests),
    finish: (request) => state().sync.finish(request),
    set: (entry, value, lifetime) => state().sync.set(entry, value, lifetime),
  }

  return {
    source: 'memory',
    ...(!isolated && { sharedAs: 'memory' }),
    sync,
    open(context) {
      opened++
      if (isolated) return followers.add(state(), context.paused)
      if (namespace !== undefined && namespace !== context.namespace)
        throw new CacheError(
          'LARDER_CONFIG',
          `this memoryStore is used by a cache of the namespace ${namespace} already: make another store for the namespace ${context.namespace}`,
        )
      namespace = context.namespace
      shared ??= joinMemory(namespace, bounds, () => createMemoryState(clock, bounds))
      followers.add(shared.state, context.paused)
      warnOfBounds(context, shared.bounds, bounds)
    },
    fetch: async (entry, requests) => sync.fetch(entry, requests),
    seed: async (requests) => sync.seed(requests),
    mark: async (request) => state().mark(request),
    renew: async (request) => state().mark(request),
    finish: async (request) => state().finish(request),
    set: async (entry, value, lifetime) => sync.set(entry, value, lifetime),
    invalidateAll: async () => state().invalidateAll(),
    pause: async (reason) => state().setPause({ reason }),
    resume: async () => state().setPause(undefined),
    async close() {
      opened--
      if (opened > 0) return
      followers.stop()
      own?.clear()
      shared?.leave()
      shared = undefined
      namespace = undefined
    },
  }
}

/** The caches of one store that want to know of pauses. */
interface Followers {
  add(state: MemoryState, paused: OnPause): void
  stop(): void
}

/** Keeps the listeners, because the state does not. */
function createFollowers(): Followers {
  const followers: { readonly paused: OnPause; readonly stop: () => void }[] = []
  return {
    add: (state, paused) => void followers.push({ paused, stop: state.followPause(paused) }),
    stop() {
      for (const { stop } of followers.splice(0)) stop()
    },
  }
}

function warnOfBounds(
  context: StoreContext,
  { maxEntries, maxBytes }: MemoryBounds,
  own: MemoryBounds,
): void {
  if (maxEntries === own.maxEntries && maxBytes === own.maxBytes) return
  // Listeners are added to a cache after it was made.
  setImmediate(() => context.warn('memory-bounds', otherBounds(context.namespace, maxEntries, maxBytes)))
}

function otherBounds(namespace: string, maxEntries: number, maxBytes: number): string {
  return `the memory store of the namespace ${namespace} is shared with another cache of this process, whose bounds count: maxEntries ${maxEntries}, maxBytes ${maxBytes}. Give both the same, or a namespace each`
}

const OPTIONS: readonly string[] = [
  'singleProcess',
  'isolated',
  'maxEntries',
  'maxBytes',
  'clock',
] satisfies (keyof MemoryStoreOptions)[]

/** A misspelt bound would have no effect. */
function refuseUnknown(options: MemoryStoreOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new CacheError('LARDER_CONFIG', `memoryStore was given ${show(options)}: give options, or nothing`)
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name))
  if (unknown !== undefined)
    throw new CacheError(
      'LARDER_CONFIG',
      `memoryStore has no option ${unknown}: there are singleProcess, isolated, maxEntries, maxBytes`,
    )
}

function refuseClusterWorker(options: MemoryStoreOptions): void {
  if (cluster.isWorker && !options.singleProcess)
    throw new CacheError(
      'LARDER_CLUSTER_WORKER',
      'memoryStore() in a cluster worker cannot see the writes of the other workers: use a shared store, or pass memoryStore({ singleProcess: true }) if this is the only process that writes',
    )
}

/**
 * Only a warning: many tools, such as test runners, run a whole program in one worker thread, which is fine. A thread cannot
 * find out whether another one uses the database. Cluster workers, on the other hand, are always several.
 */
function warnOfThread(): void {
  if (isMainThread) return
  const warned = processWide('thread-warning.v1', () => ({ said: false }))
  if (warned.said) return
  warned.said = true
  process.emitWarning(
    'memoryStore() in a worker thread cannot see what other threads write: use a shared store, or pass memoryStore({ singleProcess: true }) if no other thread or process writes to this database, or memoryStore({ isolated: true }) in a test',
    { type: 'LarderWarning', code: 'LARDER_WORKER_THREAD' },
  )
}

function positive(value: number, option: string): number {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new CacheError('LARDER_CONFIG', `${option} is ${value}: give a whole number of at least 1`)
  return value
}
