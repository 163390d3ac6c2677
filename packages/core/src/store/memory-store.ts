import cluster from 'node:cluster'
import { randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { type ByteSize, bytes } from '../bytes.ts'
import { type Clock, systemClock } from '../clock.ts'
import { CacheError } from '../errors.ts'
import { show } from '../show.ts'
import type { TagReport } from '../tags/tag.ts'
import { createTagTable, type Witnessed } from './memory-tags.ts'
import type { Store, StoreAtOnce, StoredEntry } from './store.ts'

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /** Set to `true` to say that no other process writes to this database; needed in a cluster worker. */
  singleProcess?: boolean
  /** Most entries held; the least recently used goes first. Default 50,000. */
  maxEntries?: number
  /** Most bytes of entries held. Default '64mb'. */
  maxBytes?: ByteSize
  /** Time source; tests pass their own. */
  clock?: Clock
}

/**
 * Keeps tags and entries in this process: nothing to install, and the same promises as a server as long as one
 * process does all the writing. Bounded by entries and bytes. Never evicts a tag that carries a mark, and gives
 * marks no deadline: a writer that dies takes the store with it.
 * @throws CacheError `LARDER_CLUSTER_WORKER` in a worker of `node:cluster`, whose siblings it could not see.
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  refuseUnknown(options)
  refuseClusterWorker(options)
  const clock = options.clock ?? systemClock
  const maxEntries = positive(options.maxEntries ?? 50_000, 'memoryStore.maxEntries')
  const maxBytes = bytes(options.maxBytes ?? '64mb', 'memoryStore.maxBytes')
  const entries = new LRUCache<string, { bytes: Uint8Array; until: number }>({
    max: maxEntries,
    maxSize: maxBytes,
    sizeCalculation: (entry, key) => entry.bytes.length + key.length + ENTRY_OVERHEAD,
  })
  // Nonces are random per process and never repeat in it.
  const seed = randomBytes(9).toString('base64url')
  let count = 0
  const nonce = (): string => `${seed}${(count++).toString(36)}`
  const tags = createTagTable(nonce, maxEntries * TAGS_PER_ENTRY)
  let epoch = nonce()

  const lookup = (name: string): StoredEntry | null => {
    const found = entries.get(name)
    if (!found) return null
    const remaining = found.until - clock.now()
    if (remaining <= 0) entries.delete(name)
    return { bytes: found.bytes, remaining }
  }

  const reported = (seen: Witnessed | undefined): TagReport | undefined => seen && { epoch, ...seen }
  const atOnce: StoreAtOnce = {
    fetch: (entry, requests) => ({
      epoch,
      entry: entry === undefined ? null : lookup(entry),
      tags: requests.map(tags.read),
    }),
    seed: (requests) => ({ epoch, entry: null, tags: requests.map(tags.seed) }),
    finish: tags.finish,
    set: (entry, value, lifetime) => void entries.set(entry, { bytes: value, until: clock.now() + lifetime }),
  }

  return {
    source: 'memory',
    atOnce,
    async fetch(entry, requests) {
      return atOnce.fetch(entry, requests)
    },
    async seed(requests) {
      return atOnce.seed(requests)
    },
    mark: async (request) => reported(tags.mark(request)),
    async renew(request) {
      tags.mark(request)
    },
    finish: async (request) => reported(tags.finish(request)),
    async set(entry, value, lifetime) {
      atOnce.set(entry, value, lifetime)
    },
    async invalidateAll() {
      epoch = nonce()
      entries.clear()
    },
    async close() {
      entries.clear()
    },
  }
}

/** What an entry costs besides its bytes and its name. */
const ENTRY_OVERHEAD = 128
/** Tags are small, and one entry may depend on several. */
const TAGS_PER_ENTRY = 4

const OPTIONS: readonly string[] = [
  'singleProcess',
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
      `memoryStore has no option ${unknown}: there are singleProcess, maxEntries, maxBytes`,
    )
}

function refuseClusterWorker(options: MemoryStoreOptions): void {
  if (cluster.isWorker && !options.singleProcess)
    throw new CacheError(
      'LARDER_CLUSTER_WORKER',
      'memoryStore() in a cluster worker cannot see the writes of the other workers: use a shared store, or pass memoryStore({ singleProcess: true }) if this is the only process that writes',
    )
}

function positive(value: number, option: string): number {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new CacheError('LARDER_CONFIG', `${option} is ${value}: give a whole number of at least 1`)
  return value
}
