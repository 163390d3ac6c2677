import type { Renewal } from '@larder/core/store'
import { adviseOn, NO_INFO } from './advice/advice.ts'
import type { Caches } from './caches.ts'
import type { Target } from './connection/target.ts'
import type { Warnings } from './connection/warnings.ts'
import { type Feed, followChanges, type LeaseOf } from './feed/feed.ts'
import { createLoadLeases, type ServerLeases } from './leases/load-leases.ts'
import { createPacketCount, createPackets, type Packets } from './read/packet.ts'
import { runOnKey } from './scripts/run-on-key.ts'
import { type TagChanges, tagChanges } from './tags/change-tags.ts'
import { createRecentChanges, recordChanges, resend } from './tags/recent-changes.ts'
import { createRenewals, type Renewals, renewTags } from './tags/renewal.ts'
import { createTagTexts } from './tags/tag-text.ts'
import { createTopology } from './topology/create.ts'
import type { Topology, TopologyChange } from './topology/topology.ts'
import { type Epoch, epochOf, owns } from './watch/epoch.ts'
import { createFleetPauses, type FleetPauses } from './watch/fleet-pause.ts'
import { createIdentifier } from './watch/incarnation.ts'

/** The parts of a store, connected with each other. */
export interface Assembly {
  readonly topology: Topology
  readonly epoch: Epoch
  readonly pauses: FleetPauses
  readonly tags: TagChanges
  /** Undefined until {@link follow}. */
  readonly lease: LeaseOf | undefined
  readonly loadLeases: ServerLeases
  readonly packets: Packets
  /** Counts every packet, before it is sent. */
  readonly packetsSent: () => number
  /** Extends the lifetimes of an entry's tags where necessary. Not awaited. */
  renewTags(renewal: Renewal): void
  invalidateAll(): Promise<void>
  /** Sets the namespace of all keys. Call it before anything else. */
  setNamespace(namespace: string): void
  /** Starts following changes of this namespace: from now on, replies may come with a lease. */
  follow(namespace: string): void
  close(): void
}

/** Topology, epoch and identification depend on each other, so they get the topology by a function. */
export function assemble(target: Target, warnings: Warnings, caches: Caches): Assembly {
  const currentTopology = (): Topology => topology
  const runAlone = runOnKey(currentTopology)
  const epoch = epochOf(currentTopology, runAlone)
  const pauses = createFleetPauses({
    topology: currentTopology,
    run: runAlone,
    onChange: caches.paused,
    warn: warnings.warn,
  })
  const identifier = createIdentifier({
    topology: currentTopology,
    epoch,
    pauses,
    database: target.database,
    onMissingInfo: () => warnings.warn('valkey-info', NO_INFO),
  })
  const [recent, renewals] = [createRecentChanges(), createRenewals()]
  const packetCount = createPacketCount()
  const topology = createTopology(target, warnings, {
    beforeTrust: (node) => resend(plain, recent, (record) => owns(topology, node, record), epoch.renew),
    identify: identifier.identify,
    beforeSend: packetCount.add,
  })
  let feed: Feed | undefined
  const plain = tagChanges(topology, runAlone, (node, incarnation) => feed?.lease(node, incarnation))
  topology.onChange(({ kind }) => followTrust(kind, renewals, caches))
  adviseOn(topology, warnings.warn)
  // The feed does not follow the epoch, which is read each second: its changes are announced here.
  epoch.onChange(() => caches.changed(undefined))
  const loadLeases = createLoadLeases(topology, warnings.warn)
  const assembly: Assembly & { lease: LeaseOf | undefined } = {
    topology,
    epoch,
    pauses,
    loadLeases,
    packets: createPackets(currentTopology, createTagTexts()),
    packetsSent: packetCount.read,
    tags: recordChanges(plain, recent, renewals),
    lease: undefined,
    renewTags(renewal) {
      epoch.extend(renewal.lifetime)
      renewTags(plain, renewals, renewal)
    },
    invalidateAll() {
      recent.invalidatedAll()
      return epoch.renew()
    },
    setNamespace(namespace) {
      loadLeases.setNamespace(namespace)
      epoch.setNamespace(namespace)
      pauses.setNamespace(namespace)
      identifier.setNamespace(namespace)
    },
    follow(namespace) {
      const { changed } = caches
      feed ??= followChanges({
        topology,
        namespace,
        changed,
        warn: warnings.warn,
        identifyOver: identifier.identifyOver,
      })
      assembly.lease = feed.lease
    },
    close() {
      feed?.close()
      loadLeases.close()
      topology.close()
    },
  }
  return assembly
}

function followTrust(kind: TopologyChange['kind'], renewals: Renewals, caches: Caches): void {
  // The server may have lost its tags.
  if (kind === 'lost') renewals.clear()
  if (kind === 'ready') caches.ready()
}
