import type { Target } from './connection/target.ts'
import type { Warnings } from './connection/warnings.ts'
import { type TagChanges, tagChanges } from './tags/change-tags.ts'
import { keyByKey } from './tags/key-by-key.ts'
import { createTopology } from './topology/create.ts'
import type { Topology } from './topology/topology.ts'
import { type Epoch, epochOf } from './watch/epoch.ts'
import { identifier } from './watch/incarnation.ts'

/** The parts of a store, put together. */
export interface Assembly {
  readonly topology: Topology
  readonly epoch: Epoch
  readonly tags: TagChanges
  /** From now on keys of this namespace are asked for. Once before anything else. */
  use(namespace: string): void
}

/** Topology, epoch and identification need each other: the topology is the last to exist and the first to be asked. */
export function assemble(target: Target, warnings: Warnings): Assembly {
  const here = (): Topology => topology
  const alone = keyByKey(here)
  const epoch = epochOf(here, alone)
  const who = identifier({
    topology: here,
    epoch,
    database: target.database,
    infoless: () => warnings.tell('valkey-info', NO_INFO),
  })
  const topology = createTopology(target, warnings, { beforeTrust: async () => {}, identify: who.identify })
  return {
    topology,
    epoch,
    tags: tagChanges(topology, alone),
    use(namespace) {
      epoch.use(namespace)
      who.use(namespace)
    },
  }
}

const NO_INFO =
  'the server does not let this user run INFO, so Larder cannot tell a failover from a reconnect: each reconnect of any process empties the cache once. Allow +info to avoid that'
