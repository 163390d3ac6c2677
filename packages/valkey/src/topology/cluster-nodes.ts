import { CacheError } from '@larder/core'
import type { ValkeyClient, ValkeyCluster } from '../connection/client.ts'
import { ignoreErrors } from '../connection/client-events.ts'
import type { Failure } from '../connection/failure.ts'
import { viewOf } from './cluster-view.ts'
import { watchNode } from './node.ts'
import type { NodeHooks, TopologyChange, ValkeyNode } from './topology.ts'

/** The primaries of a Cluster, each watched, as the client finds and loses them. */
export interface ClusterNodes {
  readonly all: () => readonly ValkeyNode[]
  /** By `host:port`. */
  at(name: string | undefined): ValkeyNode | undefined
  /** Takes over what the client knows now. @returns whether every slot's primary has a connection or an attempt. */
  follow(): boolean
  stop(): void
}

export function followNodes(
  cluster: ValkeyCluster,
  failureAt: (name?: string) => Failure,
  hooks: NodeHooks,
  changed: (change: TopologyChange) => void,
): ClusterNodes {
  const nodes = new Map<string, ValkeyNode>()
  const knownNames = new Set<string>()
  let owners = ''

  const add = (name: string, client: ValkeyClient): void => {
    const failure = asMovingWhileOthersAnswer(failureAt(name), () => [...nodes.values()])
    const node = watchNode({ name, client, failure, hooks, changed, again: knownNames.has(name) })
    knownNames.add(name)
    nodes.set(name, node)
    changed({ kind: 'came', node })
    // The client of a node that the Cluster has dropped would print its last error to the console.
    ignoreErrors(client)
    // The cluster's clients connect when they are first used.
    void node.opened()
  }
  const remove = (name: string, node: ValkeyNode): void => {
    nodes.delete(name)
    node.stop()
    changed({ kind: 'gone', node })
  }
  return {
    all: () => [...nodes.values()],
    at: (name) => (name === undefined ? undefined : nodes.get(name)),
    follow() {
      const view = viewOf(cluster)
      for (const [name, node] of nodes)
        if (view.clients.get(name) !== node.client || !view.serving.has(name)) remove(name, node)
      for (const [name, client] of view.clients)
        if (view.serving.has(name) && !nodes.has(name)) add(name, client)
      const before = owners
      owners = view.owners
      if (before && before !== owners) changed({ kind: 'moved' })
      return view.serving.size > 0 && [...view.serving].every((name) => nodes.has(name))
    },
    stop() {
      for (const [name, node] of nodes) remove(name, node)
    },
  }
}

/** One lost primary does not mean that the whole store is down: the others still answer. */
function asMovingWhileOthersAnswer(failure: Failure, nodes: () => readonly ValkeyNode[]): Failure {
  return (error) => {
    const all = failure(error)
    if (all.code !== 'LARDER_STORE' || !nodes().some((node) => node.trusted())) return all
    return new CacheError('LARDER_STORE_MOVING', all.message)
  }
}
