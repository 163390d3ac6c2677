import type { Fetched, LoadLeases, Store, TagRequest } from '@larder/core/store'
import { type Assembly, assemble } from './assemble.ts'
import { createCaches } from './caches.ts'
import { checkOptions } from './connection/options.ts'
import { sharedAs } from './connection/shared-as.ts'
import type { ValkeyStoreOptions } from './connection/store-options.ts'
import { createWarnings } from './connection/warnings.ts'
import { ping } from './ping.ts'
import { readAll } from './read/fetch.ts'
import { setEntry } from './tags/set-entry.ts'
import { withEpoch } from './tags/tag-report.ts'
import type { Topology } from './topology/topology.ts'

/** A store on Valkey or Redis servers, shared by all processes that use it. Made by {@link valkeyStore}. */
export interface ValkeyStore extends Store {
  /**
   * Waits for a connection attempt in progress and asks all primaries who they are. Takes at most five seconds, besides the
   * `connectTimeout`.
   * @throws CacheError `LARDER_STORE` with the reason why a server cannot be used.
   * @example
   * ```ts
   * import { valkeyStore } from '@larder/valkey'
   *
   * const store = valkeyStore('valkey://localhost:6379')
   * await store.ping()
   * ```
   */
  ping(): Promise<void>
}

/** The namespace of a store that no cache uses. */
const DEFAULT_NAMESPACE = 'larder'

/**
 * Creates a store on Valkey 8 or Redis ≥ 7.0: one server, Sentinel or a Cluster. It connects immediately unless `lazyConnect`
 * is set, and reconnects whenever a connection is lost. While no server answers, queries go to the database.
 * @param options a URL, or options that name the servers or your own client.
 * @throws CacheError `LARDER_CONFIG` for a malformed URL or a wrong option. No error contains a password.
 * @example
 * ```ts
 * import { createCache } from '@larder/core'
 * import { valkeyStore } from '@larder/valkey'
 *
 * const cache = createCache({ namespace: 'shop', store: valkeyStore('valkeys://user:password@host:6379') })
 * await cache.close()
 * ```
 */
export function valkeyStore(options: string | ValkeyStoreOptions): ValkeyStore {
  const warnings = createWarnings()
  const caches = createCaches()
  const target = checkOptions(options)
  const store = assemble(target, warnings, caches)
  const shared = sharedAs(target)
  const { topology, epoch, pauses, tags, packetsSent } = store
  const firstAttempt = firstAttemptOf(topology)
  let opening: Promise<void> | undefined
  let closed = false
  /** No cache uses the store. */
  let alone = true

  store.setNamespace(DEFAULT_NAMESPACE)
  /** Runs a call once the first connection attempt has ended. Its error contains no secrets. */
  const call = async <T>(run: () => Promise<T>): Promise<T> => {
    try {
      if (alone) warnings.usedWithoutCache()
      await (opening ?? firstAttempt())
      if (closed) throw new Error('the store is closed')
      return await run()
    } catch (error) {
      throw topology.failure(error)
    }
  }

  return {
    source: 'store',
    leases: callLeases(store.loadLeases, call),
    address: topology.address,
    ...(shared !== undefined && { sharedAs: shared }),
    open(context) {
      const before = caches.namespace ?? DEFAULT_NAMESPACE
      caches.add(context)
      alone = false
      warnings.open(context)
      if (context.follow) store.follow(context.namespace)
      if (context.namespace === before) return pauses.reportTo(context.paused)
      store.setNamespace(context.namespace)
      // Replies so far were about another namespace.
      if (topology.nodes().some(({ client }) => client.status !== 'wait'))
        opening = checked(topology).then(() => {
          opening = undefined
        })
    },
    packetsSent,
    // Every hit calls this, so it avoids a promise if there is nothing to wait for.
    fetch: (entry, requests) =>
      closed || alone || opening || firstAttempt()
        ? call(() => readAll(store, entry, requests))
        : readAll(store, entry, requests),
    seed: (requests, lifetime) => call(() => seedTags(store, requests, lifetime)),
    mark: (request) => call(() => withEpoch(epoch, request, tags.mark)),
    renew: (request) => call(() => tags.mark(request)),
    finish: (request) => call(() => withEpoch(epoch, request, tags.finish)),
    set: (entry, bytes, lifetime, renewal) =>
      call(() => {
        if (renewal) store.renewTags(renewal)
        return setEntry(topology, entry, bytes, lifetime)
      }),
    invalidateAll: () => call(store.invalidateAll),
    pause: (reason) => call(() => pauses.set({ reason })),
    resume: () => call(() => pauses.set(undefined)),
    async ping() {
      if (closed) throw topology.failure(new Error('the store is closed'))
      await ping(topology, target, async () => {
        await opening
        await topology.check()
      })
    },
    async close() {
      // Another cache still uses it.
      if (closed || caches.remove() > 0) return
      closed = true
      warnings.usedWithoutCache()
      store.close()
    },
  }
}

function callLeases(leases: LoadLeases, call: <T>(run: () => Promise<T>) => Promise<T>): LoadLeases {
  return {
    acquire: (request) => call(() => leases.acquire(request)),
    join: (request, always) => call(() => leases.join(request, always)),
    renew: (request) => call(() => leases.renew(request)),
    release: (request, end) => call(() => leases.release(request, end)),
    subscribe: leases.subscribe,
  }
}

async function seedTags(
  { epoch, tags }: Assembly,
  requests: readonly TagRequest[],
  lifetime: number,
): Promise<Fetched> {
  epoch.extend(lifetime)
  const began = performance.now()
  const seeded = await Promise.all(requests.map((request) => tags.seed(request, lifetime)))
  return { epoch: await epoch.after(began), entry: null, tags: seeded }
}

/** The first attempt to connect, until it has ended. Every hit asks this, so the topology is not asked after that. */
function firstAttemptOf(topology: Topology): () => Promise<void> | undefined {
  let ended = false
  return () => {
    if (ended) return undefined
    const attempt = topology.opened()
    ended = attempt === undefined
    return attempt
  }
}

/** Never rejects: the next call fails with the reason. */
async function checked(topology: Topology): Promise<void> {
  try {
    await topology.opened()
    await topology.check()
  } catch {}
}
