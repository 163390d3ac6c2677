import { randomBytes } from 'node:crypto'
import { type Clock, systemClock } from '../base/clock.ts'
import { CacheError } from '../base/errors.ts'
import { tagCount } from '../codec/envelope.ts'
import type { TagReport } from '../tags/tag.ts'
import type { LoadLeases } from './load-leases.ts'
import { createLocalEntries, LocalBytes, sizeOfBytes } from './local-entries.ts'
import { createMemoryLeases } from './memory-leases.ts'
import { checkMemoryOptions, type MemoryStoreOptions } from './memory-options.ts'
import { createMemoryPauses, createPauseFollowers } from './memory-pauses.ts'
import { createTagTable, type ReportedTags } from './memory-tags.ts'
import { joinMemory, type MemoryBounds, type MemoryState, type MemoryUse } from './shared-memory.ts'
import type { Store, StoreContext, StoredEntry, SyncStore } from './store.ts'

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
  const { bounds, isolated } = checkMemoryOptions(options)
  const clock = options.clock ?? systemClock
  /** How many caches opened it and have not closed it. */
  let opened = 0
  let namespace: string | undefined
  let shared: MemoryUse | undefined
  let ownState: MemoryState | undefined
  const followers = createPauseFollowers()
  const state = (): MemoryState => {
    if (shared) return shared.state
    ownState ??= createMemoryState(clock, bounds)
    return ownState
  }
  // Never the state's own: whoever took them before the store was opened would go on with another state.
  const sync: SyncStore = {
    fetch: (entry, requests) => state().sync.fetch(entry, requests),
    seed: (requests) => state().sync.seed(requests),
    finish: (request) => state().sync.finish(request),
    set: (entry, value, lifetime) => state().sync.set(entry, value, lifetime),
  }

  const leases: LoadLeases = {
    acquire: (request) => state().leases.acquire(request),
    join: (request, always) => state().leases.join(request, always),
    renew: (request) => state().leases.renew(request),
    release: (request, end) => state().leases.release(request, end),
    subscribe: (request, ended) => state().leases.subscribe(request, ended),
  }

  return {
    source: 'memory',
    ...(!isolated && { sharedAs: 'memory' }),
    sync,
    leases,
    open(context) {
      opened++
      if (isolated) return followers.add(state().pauses, context.paused)
      if (namespace !== undefined && namespace !== context.namespace)
        throw new CacheError(
          'LARDER_CONFIG',
          `this memoryStore is used by a cache of the namespace ${namespace} already: make another store for the namespace ${context.namespace}`,
        )
      namespace = context.namespace
      shared ??= joinMemory(namespace, bounds, () => createMemoryState(clock, bounds))
      followers.add(shared.state.pauses, context.paused)
      warnOfBounds(context, shared.bounds, bounds)
    },
    fetch: async (entry, requests) => sync.fetch(entry, requests),
    seed: async (requests) => sync.seed(requests),
    mark: async (request) => state().mark(request),
    renew: async (request) => state().mark(request),
    finish: async (request) => state().finish(request),
    set: async (entry, value, lifetime) => sync.set(entry, value, lifetime),
    invalidateAll: async () => state().invalidateAll(),
    pause: async (reason) => state().pauses.set({ reason }),
    resume: async () => state().pauses.set(undefined),
    async close() {
      opened--
      if (opened > 0) return
      followers.stop()
      ownState?.clear()
      shared?.leave()
      shared = undefined
      namespace = undefined
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

/**
 * What an entry takes of the heap besides its bytes, its name and its tags: 80 bytes its object, 100 its place in two tables
 * and the head of its name, 200 its client's key with the digest of the query, 100 the list of tags that its client knows.
 */
const ENTRY_BYTES = 480
/** What each table of the read takes: the client's tag, and its list of cells. */
const TABLE_BYTES = 100
/** What each cell takes: 60 bytes its name, 100 its place in a table, 70 its state and its nonce. */
const CELL_BYTES = 230
/** Tags are small, and one entry may depend on several. */
const TAGS_PER_ENTRY = 4

class MemoryEntry extends LocalBytes {
  /** In whole milliseconds, because others take twice the memory. */
  readonly until: number

  constructor(bytes: Uint8Array, until: number) {
    super(bytes)
    this.until = Math.floor(until)
  }
}

class FetchedEntry implements StoredEntry {
  readonly local: MemoryEntry
  readonly remaining: number

  constructor(local: MemoryEntry, remaining: number) {
    this.local = local
    this.remaining = remaining
  }

  get bytes(): Uint8Array {
    return this.local.bytes
  }
}

function sizeOf(name: string, bytes: Uint8Array): number {
  const { tables, cells } = tagCount(bytes)
  return sizeOfBytes(bytes.length) + name.length + ENTRY_BYTES + tables * TABLE_BYTES + cells * CELL_BYTES
}

function createMemoryState(clock: Clock, { maxEntries, maxBytes }: MemoryBounds): MemoryState {
  const entries = createLocalEntries<MemoryEntry>({ maxEntries, maxBytes })
  // Nonces are random per process and never repeat in it.
  const seed = randomBytes(9).toString('base64url')
  let count = 0
  const nonce = (): string => `${seed}${(count++).toString(36)}`
  const tags = createTagTable(nonce, maxEntries * TAGS_PER_ENTRY)
  let epoch = nonce()
  const pauses = createMemoryPauses()

  const lookup = (name: string): StoredEntry | null => {
    const entry = entries.get(name)
    if (!entry) return null
    const remaining = entry.until - clock.now()
    if (remaining <= 0) entries.delete(name)
    return new FetchedEntry(entry, remaining)
  }
  const reported = (tags: ReportedTags | undefined): TagReport | undefined => tags && { epoch, ...tags }
  return {
    sync: {
      fetch: (entry, requests) => ({
        epoch,
        entry: entry === undefined ? null : lookup(entry),
        tags: requests.map(tags.read),
      }),
      seed: (requests) => ({ epoch, entry: null, tags: requests.map(tags.seed) }),
      finish: tags.finish,
      set: (name, bytes, lifetime) =>
        entries.set(name, new MemoryEntry(bytes, clock.now() + lifetime), sizeOf(name, bytes)),
    },
    mark: (request) => reported(tags.mark(request)),
    finish: (request) => reported(tags.finish(request)),
    invalidateAll() {
      epoch = nonce()
      entries.clear()
    },
    pauses,
    leases: createMemoryLeases(clock),
    clear: () => entries.clear(),
  }
}
