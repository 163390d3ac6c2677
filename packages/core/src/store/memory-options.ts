import cluster from 'node:cluster'
import { isMainThread } from 'node:worker_threads'
import { type ByteSize, bytes } from '../base/byte-size.ts'
import type { Clock } from '../base/clock.ts'
import { CacheError } from '../base/errors.ts'
import { processWide } from '../base/process-wide.ts'
import { show } from '../base/show.ts'
import type { MemoryBounds } from './shared-memory.ts'

/** Options of `memoryStore`. */
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

/** Options of a memory store that have been checked. */
export interface CheckedMemoryOptions {
  readonly bounds: MemoryBounds
  /** The store is shared with no other, whatever its namespace. */
  readonly isolated: boolean
}

/**
 * Checks the options of a memory store, and warns of a worker thread.
 * @throws CacheError as `memoryStore` does.
 */
export function checkMemoryOptions(options: MemoryStoreOptions): CheckedMemoryOptions {
  refuseUnknown(options)
  refuseClusterWorker(options)
  const isolated = options.isolated === true || options.clock !== undefined
  const bounds: MemoryBounds = {
    maxEntries: positive(options.maxEntries ?? 50_000, 'memoryStore.maxEntries'),
    maxBytes: bytes(options.maxBytes ?? '64mb', 'memoryStore.maxBytes'),
  }
  if (!isolated && options.singleProcess !== true) warnOfThread()
  return { bounds, isolated }
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
