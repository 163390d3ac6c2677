import { setTimeout as wait } from 'node:timers/promises'
import type { OwnServer } from '@larder/testing'
import { sized, until } from '@larder/testing'

/** What was going on with the server of the cache when something happened. */
export type Phase = 'up' | 'paused' | 'killed' | 'starting' | 'up again'

/**
 * True while one process may reach the server and another may not: it hangs, or has just been started. With `onMarkFailure: 'proceed'`
 * what the other process writes is then not seen.
 */
export const mayBeSplit = (phase: Phase): boolean => phase === 'paused' || phase === 'starting'

/**
 * Lets it run for a while, pauses it, lets it run, kills it, and starts it again.
 * @param answered how many requests of the load were answered so far.
 */
export async function outages(
  server: OwnServer,
  services: readonly { readonly url: string }[],
  enter: (phase: Phase) => void,
  answered: () => number,
): Promise<void> {
  // On a busy machine a moment may pass without an answer. A phase in which nothing was asked would prove nothing.
  const moment = async (): Promise<void> => {
    const before = answered()
    await wait(sized(500, 5_000))
    await until(() => answered() > before)
  }
  await moment()
  for (let round = 0; round < sized(1, 5); round++) {
    enter('paused')
    server.pause()
    await moment()
    server.resume()
    await cachesReady(services)
    enter('up again')
    await moment()
    enter('killed')
    await server.kill()
    await moment()
    enter('starting')
    await server.start()
    await cachesReady(services)
    enter('up again')
    await moment()
  }
}

/** Waits until every service says that it uses its cache. */
async function cachesReady(services: readonly { readonly url: string }[]): Promise<void> {
  for (const { url } of services)
    await until(async () => {
      const health = (await (await fetch(`${url}/health`)).json()) as { cache: string }
      return health.cache === 'ready'
    })
}
