import type { Connection } from '../connection/connect.ts'
import { createListeners } from './listeners.ts'
import { watchNode } from './node.ts'
import type { NodeDuties, Topology } from './topology.ts'

/** One server, or the primary that Sentinels name: a client that finds it again whenever it is lost. */
export function singleTopology(connection: Connection, duties: NodeDuties): Topology {
  const { client, failure, name, close } = connection
  const listeners = createListeners()
  const node = watchNode({ name, client, failure, duties, changed: listeners.tell })
  return {
    clustered: false,
    failure,
    nodeOf: () => node,
    nodes: () => [node],
    nodeAt: () => undefined,
    refresh() {},
    opened: node.opened,
    check: node.check,
    onChange: listeners.add,
    close() {
      node.stop()
      close()
    },
  }
}
