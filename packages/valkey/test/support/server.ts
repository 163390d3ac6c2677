import { type OwnServer, startServer } from '@larder/testing'
import { Redis } from 'iovalkey'

export { until } from '@larder/testing'

/** A server of one test's own, which it may stop, pause and start again on the same port. */
export type Server = OwnServer

/** @param settings more of the server's configuration, such as `['--requirepass', 'x']`. */
export const ownServer = (settings?: readonly string[]): Promise<Server> => startServer(settings)

/** A client for looking at the server behind the store's back. */
export function connectTo(url: string): Redis {
  return new Redis(url.replace('valkey:', 'redis:'))
}

/** How often each command was executed since the server started, scripts' own calls included. */
export async function commandCounts(server: Redis): Promise<ReadonlyMap<string, number>> {
  const text = await server.info('commandstats')
  const matches = text.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)
  return new Map([...matches].map(([, name, count]) => [name ?? '', Number(count)]))
}
