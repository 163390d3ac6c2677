import { isCluster } from '../connection/client.ts'
import { connect, connectBySentinels, connectCluster } from '../connection/connect.ts'
import { givenClient, givenCluster } from '../connection/given-client.ts'
import type { Target } from '../connection/target.ts'
import type { Warnings } from '../connection/warnings.ts'
import { clusterTopology } from './cluster.ts'
import { singleTopology } from './single.ts'
import type { NodeDuties, Topology } from './topology.ts'

/** The topology that the options describe, connecting. */
export function createTopology(target: Target, warnings: Warnings, duties: NodeDuties): Topology {
  if (target.kind === 'cluster') return clusterTopology({ ...connectCluster(target), duties })
  if (target.kind === 'sentinel') return singleTopology(connectBySentinels(target), duties)
  if (target.kind === 'server') return singleTopology(connect(target), duties)
  const { client } = target
  return isCluster(client)
    ? clusterTopology({ ...givenCluster(client, warnings), duties })
    : singleTopology(givenClient(client, warnings), duties)
}
