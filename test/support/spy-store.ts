import { memoryStore } from '@larder/core'
import type { Store } from '@larder/core/store'

/** A memory store that counts what is asked of it. */
export interface Spy {
  readonly store: Store
  readonly calls: readonly string[]
  clear(): void
}

export function spyStore(inner: Store = memoryStore()): Spy {
  const calls: string[] = []
  const store = new Proxy(inner, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        calls.push(String(name))
        return Reflect.apply(value, target, args) as unknown
      }
    },
  })
  return { store, calls, clear: () => void calls.splice(0) }
}
