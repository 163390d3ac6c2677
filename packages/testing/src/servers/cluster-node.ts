import { ownPort } from './port.ts'
import { type OwnServer, startServer } from './server.ts'

/** One server of a cluster, primary or replica as it may happen. */
export interface ClusterNode extends OwnServer {
  readonly id: string
  /** The port on which the nodes talk to each other. */
  readonly bus: number
}

/** Starts a node that belongs to no cluster yet. */
export async function startNode(settings: readonly string[]): Promise<ClusterNode> {
  const bus = await ownPort()
  const options = {
    'cluster-enabled': 'yes',
    'cluster-config-file': 'nodes.conf',
    'cluster-port': String(bus),
    'cluster-node-timeout': '1000',
    'cluster-replica-validity-factor': '0',
    'repl-diskless-sync-delay': '0',
  }
  const server = await startServer([
    ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
    ...settings,
  ])
  return { ...server, bus, id: String(await server.call('CLUSTER', 'MYID')) }
}
