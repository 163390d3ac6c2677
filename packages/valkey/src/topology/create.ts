import { isCluster } from '../connection/client.ts'
import { connect, connectBySentinels, connectCluster } from '../connection/connect.ts'
import type { Target } from '../connection/target.ts'
import { userClient, userCluster } from '../connection/user-client.ts'
import type { Warnings } from '../connection/warnings.ts'
import { clusterTopology } from './cluster.ts'
import { singleTopology } from './single.ts'
import type { NodeHooks, Topology } from './topology.ts'

/** Creates the topology that the options describe, and starts connecting. */
export function createTopology(target: Target, warnings: Warnings, hooks: NodeHooks): Topology {
  if (target.kind === 'cluster') return clusterTopology({ ...connectCluster(target), hooks })
  if (target.kind === 'sentinel') return singleTopology(connectBySentinels(target), hooks)
  if (target.kind === 'server') return singleTopology(connect(target), hooks)
  const { client } = target
  return isCluster(client)
    ? clusterTopology({ ...userCluster(client, warnings), hooks })
    : singleTopology(userClient(client, warnings), hooks)
}
