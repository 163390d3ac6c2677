import type { Connection } from '../connection/connect.ts'
import { type Failure, isMoving } from '../connection/failure.ts'
import { createListeners } from './listeners.ts'
import { watchNode } from './node.ts'
import type { NodeHooks, Topology } from './topology.ts'

/** How often an untrusted primary makes the Sentinels be asked again (ms). */
const SEARCH_INTERVAL = 1_000

/** One server, or the primary that Sentinels name. The client finds it again whenever it is lost. */
export function singleTopology(connection: Connection, hooks: NodeHooks): Topology {
  const { client, name, address, close, reconnect: seek, onCheckPassed: proven } = connection
  const failure = namingClusters(connection.failure)
  const listeners = createListeners()
  const node = watchNode({ name, client, failure, hooks, changed: listeners.notify, onCheckPassed: proven })
  // A server that hangs keeps its connection, so only the Sentinels know that it was replaced.
  let trusted = true
  const search = setInterval(() => {
    if (!trusted && !node.trusted() && client.status === 'ready') seek?.()
    trusted = node.trusted()
  }, SEARCH_INTERVAL)
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

/** A redirect from a single server means that it is a node of a Cluster, not that a slot is moving. */
function namingClusters(failure: Failure): Failure {
  return (error) =>
    isMoving(error)
      ? failure(
          new Error(
            `it is a node of a Cluster, so give valkeyStore({ nodes: [url] }): ${(error as Error).message}`,
          ),
        )
      : failure(error)
}
