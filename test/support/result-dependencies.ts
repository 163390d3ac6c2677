import { memoryStore } from '@larder/core'
import type { Store } from '@larder/core/store'
import { open } from '../../packages/core/src/codec/envelope.ts'

/** A store that counts entries with result dependencies. */
export interface ResultDependencyCounter {
  readonly store: Store
  count(): number
}

export function countResultDependencies(inner: Store = memoryStore()): ResultDependencyCounter {
  let resultDependencies = 0
  const store: Store = {
    ...inner,
    async set(entry, bytes, ...rest) {
      if (hasResultDependencies(bytes)) resultDependencies++
      await inner.set(entry, bytes, ...rest)
    },
  }
  return { store, count: () => resultDependencies }
}

function hasResultDependencies(bytes: Uint8Array): boolean {
  return open(bytes).header.tags.some(({ resultCells }) => resultCells.length > 0)
}
