import type { ValkeyClient, ValkeyCluster } from '../connection/client.ts'

/** The primaries that a Cluster's client knows, by `host:port`. */
export interface ClusterView {
  /** Those with a connection. */
  readonly clients: ReadonlyMap<string, ValkeyClient>
  /** Those with a slot. */
  readonly serving: ReadonlySet<string>
  /** Changes whenever a slot changes its owner. */
  readonly owners: string
}

export function viewOf(cluster: ValkeyCluster): ClusterView {
  const clients = new Map<string, ValkeyClient>()
  for (const client of cluster.nodes('master'))
    if (client) clients.set(`${client.options?.host}:${client.options?.port}`, client)
  const serving = new Set<string>()
  const owners: string[] = []
  let before: string | undefined
  for (let slot = 0; slot < cluster.slots.length; slot++) {
    const name = cluster.slots[slot]?.[0]
    if (name === before) continue
    before = name
    if (name !== undefined) serving.add(name)
    owners.push(`${slot} ${name}`)
  }
  return { clients, serving, owners: owners.join(';') }
}

/** The address at which a node is reached, translated by the client's `natMap`. */
export function mapped(cluster: ValkeyCluster, address: string): string {
  const natMap = cluster.options?.natMap
  const target: unknown =
    typeof natMap === 'function'
      ? natMap(address)
      : (natMap as Record<string, unknown> | undefined)?.[address]
  if (typeof target !== 'object' || target === null || !('host' in target) || !('port' in target))
    return address
  return `${target.host}:${target.port}`
}
