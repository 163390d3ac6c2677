import { beforeEach } from 'vitest'

// Caches of one namespace share their memory store with all others of the process. A test begins with none: what it
// finds in a cache, it has put there. Caches made within one test share, as they do in an application.
beforeEach(() => {
  const stores = (globalThis as { readonly [name: symbol]: unknown })[Symbol.for('larder.memory-stores.v1')]
  if (stores instanceof Map) stores.clear()
})
