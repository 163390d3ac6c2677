import type { Fetched, Store, TagRequest } from '@larder/core/store'
import { type Assembly, assemble } from './assemble.ts'
import { createCaches } from './caches.ts'
import { checkOptions } from './connection/options.ts'
import { sharedAs } from './connection/shared-as.ts'
import type { ValkeyStoreOptions } from './connection/store-options.ts'
import { createWarnings } from './connection/warnings.ts'
import { ping } from './ping.ts'
import { readAll } from './read/fetch.ts'
import { setEntry } from './tags/set-entry.ts'
import { reported } from './tags/witness.ts'
import type { Topology } from './topology/topology.ts'

/** A store on a Valkey or Redis server, shared by all processes that use it. */
export interface ValkeyStore extends Store {
  /**
   * Waits for the connection attempt under way and asks the servers who they are: five seconds at most, besides the
   * `connectTimeout`.
   * @throws CacheError `LARDER_STORE` saying why a server cannot be used.
   */
  ping(): Promise<void>
}

/** Of a store that no cache uses. */
const DEFAULT_NAMESPACE = 'larder'

/**
 * Keeps tags and entries on Valkey (8) or Redis (7) servers. Connects at once unless `lazyConnect`, and again
 * whenever a connection is lost; until a server answers, calls that need it reject, and the engine goes to the database.
 * @throws CacheError for a malformed URL or option; nothing it throws, ever, contains a password.
 */
export function valkeyStore(options: string | ValkeyStoreOptions): ValkeyStore {
  const warnings = createWarnings()
  const caches = createCaches()
  const target = checkOptions(options)
  const store = assemble(target, warnings, caches)
  const shared = sharedAs(target)
  const { topology, epoch, tags } = store
  const firstAttempt = firstAttemptOf(topology)
  let opening: Promise<void> | undefined
  let closed = false
  /** No cache uses the store. */
  let alone = true

  store.use(DEFAULT_NAMESPACE)
  /** Runs a call once the first connection attempt is over; its failure says nothing secret. */
  const call = async <T>(run: () => Promise<T>): Promise<T> => {
    try {
      if (alone) warnings.alone()
      await (opening ?? firstAttempt())
      if (closed) throw new Error('the store is closed')
      return await run()
    } catch (error) {
      throw topology.failure(error)
    }
  }
  const fetch: Store['fetch'] = (entry, requests) => {
    if (alone) warnings.alone()
    return store.unsent.join(entry, requests, () => readAll(store, entry, requests))
  }

  return {
    source: 'store',
    address: topology.address,
    ...(shared !== undefined && { sharedAs: shared }),
    open(context) {
      const before = caches.namespace ?? DEFAULT_NAMESPACE
      caches.add(context)
      alone = false
      warnings.open(context)
      if (context.follow) store.follow(context.namespace)
      if (context.namespace === before) return
      store.use(context.namespace)
      // What was asked meanwhile was asked about another namespace.
      if (topology.nodes().some(({ client }) => client.status !== 'wait'))
        opening = checked(topology).then(() => {
          opening = undefined
        })
    },
    // A hit is this call: it takes the short way when there is nothing to wait for.
    fetch: (entry, requests) =>
      closed || opening || firstAttempt() ? call(() => fetch(entry, requests)) : fetch(entry, requests),
    seed: (requests, lifetime) => call(() => seedTags(store, requests, lifetime)),
    mark: (request) => call(() => reported(epoch, request, tags.mark)),
    renew: (request) => call(() => tags.mark(request)),
    finish: (request) => call(() => reported(epoch, request, tags.finish)),
    set: (entry, bytes, lifetime, renewal) =>
      call(() => {
        if (renewal) store.renewTags(renewal)
        return setEntry(topology, entry, bytes, lifetime)
      }),
    invalidateAll: () => call(store.invalidateAll),
    async ping() {
      if (closed) throw topology.failure(new Error('the store is closed'))
      await ping(topology, target, async () => {
        await opening
        await topology.check()
      })
    },
    async close() {
      // Another cache goes on using it.
      if (closed || caches.leave() > 0) return
      closed = true
      warnings.alone()
      store.close()
    },
  }
}

async function seedTags(
  { epoch, tags }: Assembly,
  requests: readonly TagRequest[],
  lifetime: number,
): Promise<Fetched> {
  epoch.learn(lifetime)
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

/** Never rejects: whoever asks next finds out. */
async function checked(topology: Topology): Promise<void> {
  try {
    await topology.opened()
    await topology.check()
  } catch {}
}
