import { connect } from '../connection/connect.ts'
import { givenClient } from '../connection/given-client.ts'
import type { Target } from '../connection/options.ts'
import type { Warnings } from '../connection/warnings.ts'
import { singleTopology } from './single.ts'
import type { NodeDuties, Topology } from './topology.ts'

/** The topology that the options describe, connecting. */
export function createTopology(target: Target, warnings: Warnings, duties: NodeDuties): Topology {
  const connection = 'client' in target ? givenClient(target.client, warnings) : connect(target)
  return singleTopology(connection, duties)
}
