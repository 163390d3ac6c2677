import { memoryStore } from '@larder/core'
import type { Store } from '@larder/core/store'
import { valkeyStore } from '@larder/valkey'

/** Where this run keeps what is cached. */
export interface Place {
  readonly store: Store
  /** Prefix of this run's keys. */
  readonly namespace: string
  /** For the reader. Without the URL, which may hold a password. */
  readonly description: string
  /** @throws CacheError saying why the server cannot be used. */
  ready(): Promise<void>
}

/**
 * The server at `VALKEY_URL`, or this process.
 * @throws CacheError for a malformed URL.
 */
export function choosePlace(env: NodeJS.ProcessEnv): Place {
  if (!env.VALKEY_URL) {
    const description = 'the memory of this process. VALKEY_URL puts it on a Valkey or Redis server.'
    return { store: memoryStore(), namespace: 'demo', description, ready: async () => {} }
  }
  const store = valkeyStore(env.VALKEY_URL)
  // The database is new in each run. What another run kept on the server tells of another one.
  const namespace = `demo-${crypto.randomUUID().slice(0, 8)}`
  const description = `the server at VALKEY_URL. This run's keys hold '${namespace}:'. They expire by themselves, within half an hour.`
  return { store, namespace, description, ready: () => store.ping() }
}
