import type { Renewal } from '@larder/core/store'
import { adviseOn, NO_INFO } from './advice/advice.ts'
import type { Caches } from './caches.ts'
import type { Target } from './connection/target.ts'
import type { Warnings } from './connection/warnings.ts'
import { type Feed, followChanges, type LeaseOf } from './feed/feed.ts'
import { createUnsent, type Unsent } from './read/fetch.ts'
import { createPackets, type Packets } from './read/packet.ts'
import { keyByKey } from './scripts/key-by-key.ts'
import { type TagChanges, tagChanges } from './tags/change-tags.ts'
import { createRecent, remembering, resend } from './tags/recent.ts'
import { createRenewals, renewTags } from './tags/renewal.ts'
import { createTopology } from './topology/create.ts'
import type { Topology } from './topology/topology.ts'
import { type Epoch, epochOf, owns } from './watch/epoch.ts'
import { identifier } from './watch/incarnation.ts'

/** The parts of a store, put together. */
export interface Assembly {
  readonly topology: Topology
  readonly epoch: Epoch
  readonly tags: TagChanges
  /** Undefined until {@link follow}. */
  readonly lease: LeaseOf | undefined
  readonly packets: Packets
  readonly unsent: Unsent
  /** Prolongs what needs it of an entry's tags. Nobody waits for that. */
  renewTags(renewal: Renewal): void
  invalidateAll(): Promise<void>
  /** From now on keys of this namespace are asked for. Once before anything else. */
  use(namespace: string): void
  /** From now on answers about this namespace are leased where changes are heard. */
  follow(namespace: string): void
  close(): void
}

/** Topology, epoch and identification need each other: the topology is the last to exist and the first to be asked. */
export function assemble(target: Target, warnings: Warnings, caches: Caches): Assembly {
  const here = (): Topology => topology
  const alone = keyByKey(here)
  const epoch = epochOf(here, alone)
  const who = identifier({
    topology: here,
    epoch,
    database: target.database,
    infoless: () => warnings.tell('valkey-info', NO_INFO),
  })
  const [recent, renewals] = [createRecent(), createRenewals()]
  const unsent = createUnsent()
  const topology = createTopology(target, warnings, {
    beforeTrust: (node) => resend(plain, recent, (record) => owns(topology, node, record), epoch.renew),
    identify: who.identify,
    sending: unsent.clear,
  })
  let feed: Feed | undefined
  const plain = tagChanges(topology, alone, (node, life) => feed?.lease(node, life))
  topology.onChange((change) => {
    // Whether it kept its tags is not known.
    if (change.kind === 'lost') renewals.clear()
    if (change.kind === 'ready') caches.ready()
  })
  adviseOn(topology, warnings.tell)
  // Nobody tells of an epoch that another process began: it was asked for.
  epoch.onChange(() => caches.changed(undefined))
  const assembly: Assembly & { lease: LeaseOf | undefined } = {
    topology,
    epoch,
    packets: createPackets(here),
    unsent,
    tags: remembering(plain, recent, renewals),
    lease: undefined,
    renewTags(renewal) {
      epoch.learn(renewal.lifetime)
      renewTags(plain, renewals, renewal)
    },
    invalidateAll() {
      recent.everything()
      return epoch.renew()
    },
    use(namespace) {
      epoch.use(namespace)
      who.use(namespace)
    },
    follow(namespace) {
      const { changed } = caches
      feed ??= followChanges({
        topology,
        namespace,
        changed,
        warn: warnings.tell,
        identifyOver: who.identifyOver,
      })
      assembly.lease = feed.lease
    },
    close() {
      feed?.close()
      topology.close()
    },
  }
  return assembly
}
