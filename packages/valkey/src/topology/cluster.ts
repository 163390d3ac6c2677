import { CacheError } from '@larder/core'
import type { ValkeyCluster } from '../connection/client.ts'
import { onEvents } from '../connection/client-events.ts'
import type { Failure } from '../connection/failure.ts'
import { followNodes } from './cluster-nodes.ts'
import { mapped } from './cluster-view.ts'
import { createListeners } from './listeners.ts'
import { createRefresh } from './refresh.ts'
import { slotOf } from './slot.ts'
import type { NodeDuties, Topology } from './topology.ts'

/** How often the slots are asked for while a primary does not answer (ms): another may have taken its place. */
const SEARCH = 500

/** What a Cluster topology is made of. */
export interface ClusterSetup {
  readonly cluster: ValkeyCluster
  readonly address: string
  /** Errors that come from a place: a node's `host:port`, or nothing. */
  readonly failureAt: (name?: string) => Failure
  readonly duties: NodeDuties
  /** Ends the cluster's connections, if they are ours. */
  close(): void
}

/**
 * A Cluster, of which only the connections and the table of slots are used: each command goes to its slot's primary
 * directly, and redirects come back to us. The Cluster's own routing follows them, and asks replicas where told to.
 */
export function clusterTopology({ cluster, address, failureAt, duties, close }: ClusterSetup): Topology {
  const failure = failureAt()
  const listeners = createListeners()
  const refresh = createRefresh(cluster)
  const nodes = followNodes(cluster, failureAt, duties, (change) => {
    listeners.tell(change)
    if (change.kind === 'ready') refresh.proven()
    if (change.kind === 'lost') refresh.soon()
  })
  let first: Promise<void> | undefined = told(cluster)
    .then(() => Promise.all(nodes.all().map((node) => node.opened())))
    .then(() => {
      first = undefined
    })
  const follow = (): void => {
    if (!nodes.follow()) refresh.soon()
  }
  // What is gone is gone at once; what comes is known with its slots.
  const on = { refresh: follow, '-node': follow, 'node error': refresh.blame, error: refresh.blame }
  const silence = onEvents(cluster, on)
  if (cluster.slots.length) follow()
  // A server that hangs keeps its connection, and nothing else tells that it was replaced.
  const search = setInterval(() => {
    if (nodes.all().some((node) => !node.trusted())) refresh.soon()
  }, SEARCH)
  search.unref()

  return {
    clustered: true,
    address,
    failure,
    nodeOf(key) {
      const slot = slotOf(key)
      const node = nodes.at(cluster.slots[slot]?.[0])
      if (node) return node
      refresh.soon()
      const { message, code } = failure(refresh.trouble())
      // Part of the cluster is no sign that all of it is down.
      const part = nodes.all().some((other) => other.trusted())
      throw new CacheError(part ? 'LARDER_STORE_MOVING' : code, `no primary serves slot ${slot}: ${message}`)
    },
    nodes: nodes.all,
    nodeAt: (address) => nodes.at(mapped(cluster, address)),
    refresh: refresh.soon,
    opened() {
      begin(cluster)
      return first
    },
    async check() {
      begin(cluster)
      if (!['ready', 'end'].includes(cluster.status)) await told(cluster)
      if (!nodes.follow()) throw failure(refresh.trouble())
      await Promise.all(nodes.all().map((node) => node.check()))
    },
    onChange: listeners.add,
    close() {
      silence()
      clearInterval(search)
      refresh.stop()
      nodes.stop()
      close()
    },
  }
}

function begin(cluster: ValkeyCluster): void {
  if (cluster.status === 'wait') void cluster.connect().catch(() => {})
}

/** Resolves when the cluster's client has learned its slots, or failed to. */
function told(cluster: ValkeyCluster): Promise<void> {
  if (cluster.status === 'ready' || cluster.status === 'end') return Promise.resolve()
  return new Promise((resolve) => {
    const over = (): void => {
      silence()
      resolve()
    }
    const silence = onEvents(cluster, { ready: over, close: over, end: over })
  })
}
