import { isCluster, type ServerClient, type ValkeyCluster } from './client.ts'
import type { HostPort, Target } from './target.ts'

/**
 * A text that is the same for stores of the same servers and database. Undefined if the options do not tell which servers
 * they are. Contains addresses and no secrets.
 */
export function sharedAs(target: Target): string | undefined {
  switch (target.kind) {
    case 'server':
      return `valkey ${address(target)}/${target.database}`
    case 'cluster':
      return `valkey cluster ${addresses(target.seeds)}`
    case 'sentinel':
      return `valkey ${target.name} at ${addresses(target.sentinels)}/${target.database}`
    case 'client':
      return ofClient(target.client)
  }
}

function ofClient(client: ServerClient | ValkeyCluster): string | undefined {
  if (isCluster(client)) return undefined
  const { host, port, db, path } = client.options ?? {}
  if (path || typeof host !== 'string' || typeof port !== 'number') return undefined
  return `valkey ${address({ host, port })}/${Number(db ?? 0)}`
}

function addresses(places: readonly HostPort[]): string {
  return places.map(address).sort().join()
}

function address({ host, port }: HostPort): string {
  return `${host.toLowerCase()}:${port}`
}
