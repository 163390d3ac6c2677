import { beforeEach } from 'vitest'

// All caches of one namespace share a memory store in a process. Each test starts without one, so that it finds only the
// entries that it has stored itself. Caches within one test share their store, as they do in an application.
beforeEach(() => {
  const holder = globalThis as { readonly [name: symbol]: unknown }
  // Whatever the format's number: a fixed name would separate nothing after the next change of it.
  for (const name of Object.getOwnPropertySymbols(globalThis)) {
    const stores = name.description?.startsWith('larder.memory-stores.') ? holder[name] : undefined
    if (stores instanceof Map) stores.clear()
  }
})
