import { CacheError } from '@larder/core'
import type { ValkeyCluster } from '../connection/client.ts'
import { onEvents } from '../connection/client-events.ts'
import type { Failure } from '../connection/failure.ts'
import { followNodes } from './cluster-nodes.ts'
import { mapped } from './cluster-view.ts'
import { createListeners } from './listeners.ts'
import { createRefresh } from './refresh.ts'
import { slotOf } from './slot.ts'
import type { NodeHooks, Topology } from './topology.ts'

/** How often the slots are asked for while a primary does not answer (ms): another one may have replaced it. */
const SEARCH_INTERVAL = 500

/** What a Cluster topology is made of. */
export interface ClusterSetup {
  readonly cluster: ValkeyCluster
  readonly address: string
  /** Errors with the place they come from: a node's `host:port`, or none. */
  readonly failureAt: (name?: string) => Failure
  readonly hooks: NodeHooks
  /** Closes the Cluster's connections, if the store opened them. */
  close(): void
}

/**
 * A Cluster. Only the client's connections and its table of slots are used: each command goes straight to the primary of
 * its slot, and redirects are returned. The client's own routing would follow them, and could read from replicas.
 */
export function clusterTopology({ cluster, address, failureAt, hooks, close }: ClusterSetup): Topology {
  const failure = failureAt()
  const listeners = createListeners()
  const refresh = createRefresh(cluster)
  const nodes = followNodes(cluster, failureAt, hooks, (change) => {
    listeners.notify(change)
    if (change.kind === 'ready') refresh.nodeAnswered()
    if (change.kind === 'lost') refresh.soon()
  })
  let first: Promise<void> | undefined = slotsLearned(cluster)
    .then(() => Promise.all(nodes.all().map((node) => node.opened())))
    .then(() => {
      first = undefined
    })
  const follow = (): void => {
    if (!nodes.follow()) refresh.soon()
  }
  // Removed nodes are removed immediately; new ones are known once their slots are.
  const on = {
    refresh: follow,
    '-node': follow,
    'node error': refresh.recordError,
    error: refresh.recordError,
  }
  const removeHandlers = onEvents(cluster, on)
  if (cluster.slots.length) follow()
  // A server that hangs keeps its connection, so only its slots show that it was replaced.
  const search = setInterval(() => {
    if (nodes.all().some((node) => !node.trusted())) refresh.soon()
  }, SEARCH_INTERVAL)
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
      const { message, code } = failure(refresh.lastError())
      // A lost part does not mean that the whole Cluster is down.
      const part = nodes.all().some((other) => other.trusted())
      throw new CacheError(part ? 'LARDER_STORE_MOVING' : code, `no primary serves slot ${slot}: ${message}`)
    },
    nodes: nodes.all,
    nodeAt: (address) => nodes.at(mapped(cluster, address)),
    refresh: refresh.soon,
    opened() {
      startConnecting(cluster)
      return first
    },
    async check() {
      startConnecting(cluster)
      if (!['ready', 'end'].includes(cluster.status)) await slotsLearned(cluster)
      if (!nodes.follow()) throw failure(refresh.lastError())
      await Promise.all(nodes.all().map((node) => node.check()))
    },
    onChange: listeners.add,
    close() {
      removeHandlers()
      clearInterval(search)
      refresh.stop()
      nodes.stop()
      close()
    },
  }
}

function startConnecting(cluster: ValkeyCluster): void {
  if (cluster.status === 'wait') void cluster.connect().catch(() => {})
}

/** Resolves when the Cluster's client has learned its slots, or failed to. */
function slotsLearned(cluster: ValkeyCluster): Promise<void> {
  if (cluster.status === 'ready' || cluster.status === 'end') return Promise.resolve()
  return new Promise((resolve) => {
    const over = (): void => {
      removeHandlers()
      resolve()
    }
    const removeHandlers = onEvents(cluster, { ready: over, close: over, end: over })
  })
}
