import { CacheError } from '@larder/core'
import type { StoreContext } from '@larder/core/store'

/** The caches that use a store. Usually there is one; all have the same namespace. */
export interface Caches {
  /** Undefined while there is none. */
  readonly namespace: string | undefined
  /** @throws CacheError `LARDER_CONFIG` if its namespace differs from that of the first cache. */
  add(context: StoreContext): void
  /** Call it when one of them is closed. @returns how many are still open. */
  remove(): number
  readonly changed: StoreContext['changed']
  readonly paused: StoreContext['paused']
  ready(): void
}

export function createCaches(): Caches {
  const contexts: StoreContext[] = []
  let removed = 0
  return {
    get namespace() {
      return contexts[0]?.namespace
    },
    add(context) {
      const [first = context] = contexts
      if (first.namespace !== context.namespace)
        throw new CacheError(
          'LARDER_CONFIG',
          `this valkeyStore is already used by a cache of the namespace ${first.namespace}: make another store for the namespace ${context.namespace}`,
        )
      contexts.push(context)
    },
    remove() {
      removed++
      return contexts.length - removed
    },
    changed(names) {
      for (const context of contexts) context.changed(names)
    },
    paused(pause) {
      for (const context of contexts) context.paused(pause)
    },
    ready() {
      for (const context of contexts) context.ready()
    },
  }
}
