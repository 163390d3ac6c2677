import { memoryStore } from '@larder/core'
import type { Store } from '@larder/core/store'

/** A store that counts entries with result dependencies. */
export interface ResultDependencyCounter {
  readonly store: Store
  count(): number
}

/** Where the length of an entry's header stands, and the header. */
const [LENGTH_AT, HEADER_AT] = [12, 16]

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

/** The tags stand last in the header. Each has its record, fields and cells, then the cells that only the result named. */
function hasResultDependencies(bytes: Uint8Array): boolean {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const header = view.toString('utf8', HEADER_AT, HEADER_AT + view.readUInt32LE(LENGTH_AT))
  const tags = (JSON.parse(header) as readonly unknown[]).at(-1) as readonly (readonly unknown[])[]
  return tags.some(([, , , resultCells]) => Array.isArray(resultCells) && resultCells.length > 0)
}
