import cluster from 'node:cluster'
import { isMainThread } from 'node:worker_threads'
import { type ByteSize, bytes } from '../base/byte-size.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import { CacheError } from '../base/errors.ts'
import { processWide } from '../base/process-wide.ts'
import { show } from '../base/show.ts'
import { createMemoryState, type MemoryBounds, type MemoryState } from './memory-state.ts'
import { joinMemory, type MemoryUse } from './shared-memory.ts'
import type { Store, SyncStore } from './store.ts'

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /**
   * Set to `true` if this is the only process, and the only thread, that writes to the database: needed in a cluster
   * worker, and ends the warning in a worker thread.
   */
  singleProcess?: boolean
  /**
   * Set to `true` for a store that this process shares with no other memory store, whatever the namespace. For tests:
   * in an application another cache would not learn of this one's writes. Default `false`.
   */
  isolated?: boolean
  /** Most entries held; the least recently used goes first. Default 50,000. */
  maxEntries?: number
  /** Most bytes of memory taken by entries. Default '64mb'. */
  maxBytes?: ByteSize
  /** Time source; tests pass their own. A store with a clock of its own is isolated. */
  clock?: Clock
}

/**
 * Keeps tags and entries in this process: nothing to install, and the same promises as a server as long as one process
 * does all the writing. Bounded by entries and bytes. Never evicts a tag that carries a mark, and gives marks no
 * deadline: a writer that dies takes the store with it.
 *
 * All memory stores of one namespace in this process are one store, also when the module is loaded several times (as by
 * Next.js, or as ESM and CommonJS). The first one sets the bounds. The store is emptied when the last cache that uses it
 * is closed. In a worker thread it cannot be shared with other threads: a process warning says so once.
 * @throws CacheError `LARDER_CLUSTER_WORKER` in a worker of `node:cluster`, whose siblings it could not see.
 * @example
 * const cache = createCache({ namespace: 'shop', store: memoryStore({ maxBytes: '128mb' }) })
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
      if (isolated) return
      if (namespace !== undefined && namespace !== context.namespace)
        throw new CacheError(
          'LARDER_CONFIG',
          `this memoryStore is used by a cache of the namespace ${namespace} already: make another store for the namespace ${context.namespace}`,
        )
      namespace = context.namespace
      shared ??= joinMemory(namespace, bounds, () => createMemoryState(clock, bounds))
      const { maxEntries, maxBytes } = shared.bounds
      // Listeners are added to a cache after it was made.
      if (maxEntries !== bounds.maxEntries || maxBytes !== bounds.maxBytes)
        setImmediate(() =>
          context.warn('memory-bounds', otherBounds(context.namespace, maxEntries, maxBytes)),
        )
    },
    async fetch(entry, requests) {
      return sync.fetch(entry, requests)
    },
    async seed(requests) {
      return sync.seed(requests)
    },
    mark: async (request) => state().mark(request),
    async renew(request) {
      state().mark(request)
    },
    finish: async (request) => state().finish(request),
    async set(entry, value, lifetime) {
      sync.set(entry, value, lifetime)
    },
    async invalidateAll() {
      state().invalidateAll()
    },
    async close() {
      opened--
      if (opened > 0) return
      own?.clear()
      shared?.leave()
      shared = undefined
      namespace = undefined
    },
  }
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

/** A misspelt bound would be no bound. */
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
 * A warning and no refusal: many tools run a whole program in one worker thread (test runners do), where nothing is wrong,
 * and nobody can tell from inside whether another thread uses the database. Cluster workers exist to be several.
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
