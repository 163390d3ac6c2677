import { ask } from './ask.ts'
import type { ClusterNode } from './cluster-node.ts'
import type { OwnServer } from './server.ts'

/** How long a node is waited for: one that hangs counts as gone (ms). */
const PATIENCE = 500

/** What a node of a cluster says about itself. */
export interface NodeView {
  readonly node: ClusterNode
  /** The id of its primary; undefined for a primary. */
  readonly follows: string | undefined
  /** The higher, the newer its claim to its slots. */
  readonly epoch: number
  serves(slot: number): boolean
}

/** What the nodes that answer say about themselves. Two may claim a slot while one has not heard of the other. */
export async function viewsOf(nodes: readonly ClusterNode[]): Promise<readonly NodeView[]> {
  const views = await Promise.allSettled(nodes.map(viewOf))
  return views.flatMap((view) => (view.status === 'fulfilled' ? [view.value] : []))
}

async function viewOf(node: ClusterNode): Promise<NodeView> {
  const lines = String(await ask(node.port, ['CLUSTER', 'NODES'], PATIENCE)).split('\n')
  // id, address, flags, primary, ping, pong, epoch, link, slots…
  const [, , , follows = '-', , , epoch, , ...slots] =
    lines.find((line) => line.includes('myself'))?.split(' ') ?? []
  // A slot on the move is named too, as [slot->-id].
  const ranges = slots.filter((text) => !text.startsWith('[')).map((text) => text.split('-').map(Number))
  return {
    node,
    follows: follows === '-' ? undefined : follows,
    epoch: Number(epoch),
    serves: (slot) => ranges.some(([from = -1, to = from]) => from <= slot && slot <= to),
  }
}

/** Whether a node counts every slot as served and knows as many nodes as there are. */
export async function isSettled(node: ClusterNode, nodes: number): Promise<boolean> {
  const info = String(await node.call('CLUSTER', 'INFO'))
  return (
    info.includes('cluster_state:ok') &&
    info.includes('cluster_slots_assigned:16384') &&
    info.includes(`cluster_known_nodes:${nodes}`)
  )
}

/** Whether a replica follows its primary's every write. */
export async function isLinked(node: OwnServer): Promise<boolean> {
  return String(await node.call('INFO', 'replication')).includes('master_link_status:up')
}

/** Whether a replica follows its primary's every write, and the primary counts on it. */
export async function isKnown(replica: ClusterNode, nodes: readonly ClusterNode[]): Promise<boolean> {
  const [view] = await viewsOf([replica])
  const primary = nodes.find(({ id }) => id === view?.follows)
  if (primary === undefined || !(await isLinked(replica))) return false
  const replicas = (await primary.call('CLUSTER', 'REPLICAS', primary.id)) as readonly string[]
  return replicas.some((line) => line.startsWith(replica.id) && !line.includes('fail'))
}
