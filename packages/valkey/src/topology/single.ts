import type { Connection } from '../connection/connect.ts'
import { type Failure, isMoving } from '../connection/failure.ts'
import { createListeners } from './listeners.ts'
import { watchNode } from './node.ts'
import type { NodeDuties, Topology } from './topology.ts'

/** How long a primary that sentinels named may leave us without trust before they are asked again (ms). */
const SEARCH = 1_000

/** One server, or the primary that Sentinels name: a client that finds it again whenever it is lost. */
export function singleTopology(connection: Connection, duties: NodeDuties): Topology {
  const { client, name, address, close, seek, proven } = connection
  const failure = oneOfMany(connection.failure)
  const listeners = createListeners()
  const node = watchNode({ name, client, failure, duties, changed: listeners.tell, proven })
  // A server that hangs keeps its connection, and nothing else tells that it was replaced.
  let trusted = true
  const search = setInterval(() => {
    if (!trusted && !node.trusted() && client.status === 'ready') seek?.()
    trusted = node.trusted()
  }, SEARCH)
  search.unref()
  if (!seek) clearInterval(search)
  return {
    clustered: false,
    address,
    failure,
    nodeOf: () => node,
    nodes: () => [node],
    nodeAt: () => undefined,
    refresh() {},
    opened: node.opened,
    check: node.check,
    onChange: listeners.add,
    close() {
      clearInterval(search)
      node.stop()
      close()
    },
  }
}

/** Where one server is told of others, it is a Cluster: no slot is just moving. */
function oneOfMany(failure: Failure): Failure {
  return (error) =>
    isMoving(error)
      ? failure(
          new Error(
            `it is a node of a Cluster, so give valkeyStore({ nodes: [url] }): ${(error as Error).message}`,
          ),
        )
      : failure(error)
}
