import type { Topology, TopologyChange } from './topology.ts'

/** Notifies listeners of changes in the topology. */
export interface Listeners {
  readonly add: Topology['onChange']
  notify(change: TopologyChange): void
}

export function createListeners(): Listeners {
  const all = new Set<(change: TopologyChange) => void>()
  return {
    add(listener) {
      all.add(listener)
      return () => void all.delete(listener)
    },
    notify(change) {
      for (const listener of all) listener(change)
    },
  }
}
