import type { Lease, StoreContext } from '@larder/core/store'
import { createPauses } from '../connection/pauses.ts'
import type { Topology, ValkeyNode } from '../topology/topology.ts'
import type { Identifier } from '../watch/incarnation.ts'
import { feedClientOf } from './feed-client.ts'
import { followNode, type NodeFeed } from './node-feed.ts'

/**
 * Asked before a request is sent to a node: the lease for its answer, if its changes are heard.
 * @param life the node's incarnation, looked up for this request.
 */
export type LeaseOf = (node: ValkeyNode, life: string) => Lease | undefined

/** Hears what anybody changes, on every primary. */
export interface Feed {
  readonly lease: LeaseOf
  close(): void
}

export interface FeedSetup extends Pick<StoreContext, 'namespace' | 'warn' | 'changed'> {
  readonly topology: Topology
  readonly identifyOver: Identifier['identifyOver']
}

/** One connection per primary, as primaries come and go. Where a server does not take part, it gives no leases. */
export function followChanges({ topology, namespace, warn, changed, identifyOver }: FeedSetup): Feed {
  // Records and cells; entries. The epoch, which every process asks for each second anyway, begins with neither.
  const prefixes = [`{${namespace}:`, `${namespace}:e:`]
  const feeds = new Map<ValkeyNode, NodeFeed>()
  let told = false

  const unavailable = (error: unknown): void => {
    if (told) return
    told = true
    warn(
      'push-unavailable',
      `memory: { mode: 'push' } asks the server at every read here, as 'validate' does: push needs CLIENT ID, CLIENT TRACKING, PING and SUBSCRIBE to the channel __redis__:invalidate, and the server says ${topology.failure(error).message}`,
    )
  }
  const follow = (node: ValkeyNode): void => {
    if (feeds.has(node)) return
    const pauses = createPauses()
    const feed = followNode({
      client: feedClientOf(node.client, pauses),
      proven: pauses.proven,
      prefixes,
      now: () => performance.now(),
      lifeOf: (client) => identifyOver(node, (words) => client.call(...words)),
      belief: node.belief,
      changed,
      refused: unavailable,
    })
    feeds.set(node, feed)
  }
  const end = topology.onChange((change) => {
    if (change.kind === 'ready') follow(change.node)
    else if (change.kind === 'lost') feeds.get(change.node)?.interrupt()
    else if (change.kind === 'moved') for (const feed of feeds.values()) feed.interrupt()
    else if (change.kind === 'gone') {
      feeds.get(change.node)?.close()
      feeds.delete(change.node)
    }
  })
  // One that is not ready yet tells when it is.
  for (const node of topology.nodes()) if (node.trusted()) follow(node)

  return {
    lease: (node, life) => feeds.get(node)?.lease(life),
    close() {
      end()
      for (const feed of feeds.values()) feed.close()
      feeds.clear()
    },
  }
}
