import { CacheError } from '@larder/core'
import type { StoreContext } from '@larder/core/store'

/** The caches that use a store: one as a rule, of one namespace always. */
export interface Caches {
  /** Undefined while there is none. */
  readonly namespace: string | undefined
  /** @throws CacheError `LARDER_CONFIG` for a cache of another namespace than the first. */
  add(context: StoreContext): void
  /** One of them is closed. @returns how many are not. */
  leave(): number
  readonly changed: StoreContext['changed']
  ready(): void
}

export function createCaches(): Caches {
  const contexts: StoreContext[] = []
  let left = 0
  return {
    get namespace() {
      return contexts[0]?.namespace
    },
    add(context) {
      const [first = context] = contexts
      if (first.namespace !== context.namespace)
        throw new CacheError(
          'LARDER_CONFIG',
          `this valkeyStore is used by a cache of the namespace ${first.namespace} already: make another store for the namespace ${context.namespace}`,
        )
      contexts.push(context)
    },
    leave() {
      left++
      return contexts.length - left
    },
    changed(names) {
      for (const context of contexts) context.changed(names)
    },
    ready() {
      for (const context of contexts) context.ready()
    },
  }
}
