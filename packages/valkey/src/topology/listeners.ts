import type { Topology, TopologyChange } from './topology.ts'

/** Tells whoever listens. */
export interface Listeners {
  readonly add: Topology['onChange']
  tell(change: TopologyChange): void
}

export function createListeners(): Listeners {
  const all = new Set<(change: TopologyChange) => void>()
  return {
    add(listener) {
      all.add(listener)
      return () => void all.delete(listener)
    },
    tell(change) {
      for (const listener of all) listener(change)
    },
  }
}
