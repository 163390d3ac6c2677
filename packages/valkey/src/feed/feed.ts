import type { Lease, StoreContext } from '@larder/core/store'
import { createPauses } from '../connection/pauses.ts'
import { subscriberClientOf } from '../connection/subscriber-client.ts'
import type { Topology, ValkeyNode } from '../topology/topology.ts'
import type { Identifier } from '../watch/incarnation.ts'
import { followNode, type NodeFeed } from './node-feed.ts'

/**
 * Returns the lease for the reply to a request that is about to be sent, if the node's changes are followed.
 * @param incarnation of the node, as in the request's trust token.
 */
export type LeaseOf = (node: ValkeyNode, incarnation: string) => Lease | undefined

/** Follows the changes that any process makes, on every primary. */
export interface Feed {
  readonly lease: LeaseOf
  close(): void
}

export interface FeedSetup extends Pick<StoreContext, 'namespace' | 'warn' | 'changed'> {
  readonly topology: Topology
  readonly identifyOver: Identifier['identifyOver']
}

/** Opens one connection per primary, as primaries come and go. A server that cannot notify gives no leases. */
export function followChanges({ topology, namespace, warn, changed, identifyOver }: FeedSetup): Feed {
  // Records and cells, then entries. The epoch has neither prefix: every process reads it each second anyway.
  const prefixes = [`{${namespace}:`, `${namespace}:e:`]
  const feeds = new Map<ValkeyNode, NodeFeed>()
  let warned = false

  const unavailable = (error: unknown): void => {
    if (warned) return
    warned = true
    warn(
      'push-unavailable',
      `memory: { mode: 'push' } works like 'validate' on this server, with a round trip for every read: push needs CLIENT ID, CLIENT TRACKING, PING and SUBSCRIBE to the channel __redis__:invalidate, and the server replied: ${topology.failure(error).message}`,
    )
  }
  const follow = (node: ValkeyNode): void => {
    if (feeds.has(node)) return
    const pauses = createPauses()
    const feed = followNode({
      client: subscriberClientOf(node.client, pauses, 'larder-feed'),
      onHeartbeat: pauses.connectionServed,
      prefixes,
      now: () => performance.now(),
      incarnationOf: (client) => identifyOver(node, (words) => client.call(...words)),
      trustedIncarnation: node.trustedIncarnation,
      changed,
      onRefused: unavailable,
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
  // The others are followed when they become ready.
  for (const node of topology.nodes()) if (node.trusted()) follow(node)

  return {
    lease: (node, incarnation) => feeds.get(node)?.lease(incarnation),
    close() {
      end()
      for (const feed of feeds.values()) feed.close()
      feeds.clear()
    },
  }
}
