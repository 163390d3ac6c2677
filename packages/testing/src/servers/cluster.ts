import { type ClusterNode, startNode } from './cluster-node.ts'
import { isKnown, isLinked, isSettled, type NodeView, viewsOf } from './cluster-view.ts'
import { type Migration, migrateSlot } from './slot-migration.ts'
import { until } from './until.ts'

/** A cluster of real processes. */
export interface Cluster {
  readonly nodes: readonly ClusterNode[]
  readonly urls: readonly string[]
  /** Who serves the slot of `key` now, as the nodes that answer say. */
  primaryOf(key: string): Promise<ClusterNode>
  primaries(): Promise<readonly ClusterNode[]>
  replicasOf(primary: ClusterNode): Promise<readonly ClusterNode[]>
  slotOf(key: string): Promise<number>
  /** Begins to move a slot: MIGRATING and IMPORTING are set, no key has moved. */
  migrateSlot(slot: number, to: ClusterNode): Promise<Migration>
  /** Makes a replica take its primary's place, in agreement with it unless told otherwise. Resolves when it has. */
  failover(replica: ClusterNode, how?: 'FORCE' | 'TAKEOVER'): Promise<void>
  /** Resolves when every node that answers sees all slots served. */
  settled(): Promise<void>
  stop(): Promise<void>
}

/** The shape of a cluster. */
export interface ClusterShape {
  readonly primaries?: number
  /** Replicas of each primary. */
  readonly replicas?: number
  /** More configuration of every node. */
  readonly settings?: readonly string[]
}

const SLOTS = 16_384

/** Starts a cluster; a primary that does not answer is replaced after a second, however old its replica's data is. */
export async function startCluster(shape: ClusterShape = {}): Promise<Cluster> {
  const { primaries = 3, replicas = 1, settings = [] } = shape
  const started = await Promise.allSettled(
    Array.from({ length: primaries * (1 + replicas) }, () => startNode(settings)),
  )
  const nodes = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const cluster = clusterOf(nodes)
  try {
    for (const each of started) if (each.status === 'rejected') throw each.reason
    await join(nodes, primaries)
    await cluster.settled()
    await until(async () => (await Promise.all(nodes.slice(primaries).map(isLinked))).every(Boolean))
    return cluster
  } catch (error) {
    await cluster.stop()
    throw error
  }
}

function clusterOf(nodes: readonly ClusterNode[]): Cluster {
  const primaries = async (): Promise<readonly NodeView[]> =>
    (await viewsOf(nodes)).filter(({ follows }) => follows === undefined)
  const ownerOf = async (slot: number): Promise<ClusterNode> => {
    const claims = (await primaries()).filter(({ serves }) => serves(slot))
    const [newest] = claims.toSorted((a, b) => b.epoch - a.epoch)
    if (newest === undefined) throw new Error(`no node that answers serves slot ${slot}`)
    return newest.node
  }
  const slotOf = async (key: string): Promise<number> =>
    Number(await Promise.any(nodes.map((node) => node.call('CLUSTER', 'KEYSLOT', key))))
  return {
    nodes,
    urls: nodes.map(({ url }) => url),
    slotOf,
    primaryOf: async (key) => ownerOf(await slotOf(key)),
    primaries: async () => (await primaries()).map(({ node }) => node),
    async replicasOf({ id }) {
      return (await viewsOf(nodes)).filter(({ follows }) => follows === id).map(({ node }) => node)
    },
    async migrateSlot(slot, to) {
      const others = (await primaries()).map(({ node }) => node)
      return migrateSlot(slot, [await ownerOf(slot), to], others)
    },
    async failover(replica, how) {
      // A primary that does not know its replica yet never answers it.
      if (how === undefined) await until(() => isKnown(replica, nodes))
      await replica.call('CLUSTER', 'FAILOVER', ...(how ? [how] : []))
      await until(async () => (await viewsOf([replica]))[0]?.follows === undefined)
    },
    async settled() {
      const answering = async (): Promise<boolean> => {
        const answers = await Promise.allSettled(nodes.map((node) => isSettled(node, nodes.length)))
        return answers.every((each) => each.status === 'rejected' || each.value)
      }
      await until(answering, 30_000)
    },
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()))
    },
  }
}

/** Slots to the first `primaries` nodes; the others become their replicas, in turn. */
async function join(nodes: readonly ClusterNode[], primaries: number): Promise<void> {
  const share = (index: number): string => String(Math.floor((index * SLOTS) / primaries))
  await Promise.all(
    nodes.map(async (node, index) => {
      await node.call('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1))
      if (index < primaries)
        await node.call('CLUSTER', 'ADDSLOTSRANGE', share(index), String(Number(share(index + 1)) - 1))
    }),
  )
  // Everybody meets everybody: waiting for gossip takes seconds.
  for (const node of nodes)
    for (const { port, bus } of nodes)
      if (port !== node.port) await node.call('CLUSTER', 'MEET', '127.0.0.1', String(port), String(bus))
  const follow = async (replica: ClusterNode, index: number): Promise<void> => {
    const primary = nodes[index % primaries]
    // Refused until the two have heard of each other.
    await until(async () => (await replica.call('CLUSTER', 'REPLICATE', primary?.id ?? '')) === 'OK')
  }
  await Promise.all(nodes.slice(primaries).map(follow))
}
