import { CacheError, type Fetched, type Store } from '@larder/core'
import { assemble } from './assemble.ts'
import { checkOptions } from './connection/options.ts'
import type { ValkeyStoreOptions } from './connection/store-options.ts'
import { createWarnings } from './connection/warnings.ts'
import { readAll } from './read/fetch.ts'
import { setEntry } from './tags/set-entry.ts'

/** A store on a Valkey or Redis server, shared by all processes that use it. */
export interface ValkeyStore extends Store {
  /**
   * Waits for the connection attempt under way and asks the servers who they are.
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
  const { topology, epoch, tags, use } = assemble(checkOptions(options), warnings)
  let namespace: string | undefined
  let opening: Promise<void> | undefined
  let closed = false

  use(DEFAULT_NAMESPACE)
  /** Runs a call once the first connection attempt is over; its failure says nothing secret. */
  const call = async <T>(run: () => Promise<T>): Promise<T> => {
    try {
      if (namespace === undefined) warnings.alone()
      await (opening ?? topology.opened())
      if (closed) throw new Error('the store is closed')
      return await run()
    } catch (error) {
      throw topology.failure(error)
    }
  }
  const fetch: Store['fetch'] = (entry, requests) => readAll(topology, epoch, entry, requests)

  return {
    source: 'store',
    open(context) {
      if (namespace !== undefined && namespace !== context.namespace)
        throw new CacheError(
          'LARDER_CONFIG',
          `this valkeyStore is used by a cache of the namespace ${namespace} already: make another store for the namespace ${context.namespace}`,
        )
      warnings.open(context)
      if (namespace === context.namespace) return
      namespace = context.namespace
      if (namespace === DEFAULT_NAMESPACE) return
      use(namespace)
      // What was asked meanwhile was asked about another namespace.
      if (topology.nodes().some(({ client }) => client.status !== 'wait'))
        opening = Promise.resolve(topology.opened())
          .then(topology.check)
          .catch(() => {})
          .then(() => {
            opening = undefined
          })
    },
    // A hit is this call: it takes the short way when there is nothing to wait for.
    fetch: (entry, requests) =>
      closed || opening || topology.opened() ? call(() => fetch(entry, requests)) : fetch(entry, requests),
    seed: (requests, lifetime) =>
      call(async () => {
        epoch.learn(lifetime)
        const replies = await Promise.all(requests.map((request) => tags.seed(request, lifetime)))
        return { epoch: epoch.current(), entry: null, tags: replies } satisfies Fetched
      }),
    mark: (request) => call(() => tags.mark(request)),
    renew: (request) => call(() => tags.mark(request)),
    finish: (request) => call(() => tags.finish(request)),
    set: (entry, bytes, lifetime) => call(() => setEntry(topology, entry, bytes, lifetime)),
    invalidateAll: () => call(epoch.renew),
    async ping() {
      if (closed) throw topology.failure(new Error('the store is closed'))
      await opening
      await topology.check()
    },
    async close() {
      if (closed) return
      closed = true
      warnings.alone()
      topology.close()
    },
  }
}
