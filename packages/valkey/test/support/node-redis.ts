import type { AcceptedClient } from '@larder/valkey'
import { createClient, type RedisClientOptions } from '@redis/client'

/** A client that `valkeyStore` adapts. */
export interface OtherClient {
  readonly client: AcceptedClient
  close(): void
}

/** A connected client of node-redis, made as the documentation says. */
export async function nodeRedis(url: string, options: RedisClientOptions = {}): Promise<OtherClient> {
  const client = createClient({
    url: url.replace(/^valkey:/, 'redis:'),
    disableOfflineQueue: true,
    socket: { reconnectStrategy: 50 },
    ...options,
  } as RedisClientOptions)
  client.on('error', () => {})
  await client.connect()
  return { client, close: () => client.destroy() }
}
