import { randomUUID } from 'node:crypto'
import type { StructureClient } from '@larder/structures'
import { startCluster, valkeyUrl } from '@larder/testing'
import { Redis as Ioredis, Cluster as IoredisCluster } from 'ioredis'
import { Cluster, type Redis } from 'iovalkey'
import { clientOf } from './client-of.ts'

export { clientOf } from './client-of.ts'

/** A connected client, and what ends it. */
export interface Connected {
  readonly client: StructureClient
  close(): Promise<void>
}

/** A name that no other test uses. */
export const unique = (): string => `test-${randomUUID()}`

/** A client of the server that all tests share. */
export async function sharedClient(): Promise<Redis> {
  return clientOf(await valkeyUrl())
}

/** Every kind of client and server that the structures work with. */
export const TOPOLOGIES: readonly (readonly [string, () => Promise<Connected>])[] = [
  ['Valkey through iovalkey', async () => single(await sharedClient())],
  [
    'Valkey through ioredis, with a keyPrefix',
    async () => single(new Ioredis(await valkeyUrl(), { keyPrefix: `${unique()}:` })),
  ],
  ['a Cluster through iovalkey', () => clustered((nodes) => new Cluster(nodes, { scaleReads: 'slave' }))],
  ['a Cluster through ioredis', () => clustered((nodes) => new IoredisCluster(nodes))],
]

const single = (client: Redis | Ioredis): Connected => ({
  client,
  async close() {
    await client.quit()
  },
})

async function clustered(
  connect: (nodes: { host: string; port: number }[]) => Cluster | IoredisCluster,
): Promise<Connected> {
  const cluster = await startCluster({ primaries: 3, replicas: 0 })
  const client = connect(cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })))
  return {
    client,
    async close() {
      client.disconnect()
      await cluster.stop()
    },
  }
}
