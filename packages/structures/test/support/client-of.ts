import { Redis } from 'iovalkey'

/** A client of a server, without the patience of the defaults. */
export function clientOf(url: string): Redis {
  const client = new Redis(url.replace('valkey:', 'redis:'), { maxRetriesPerRequest: 1 })
  client.on('error', () => {})
  return client
}
