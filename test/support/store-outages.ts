import { setTimeout as wait } from 'node:timers/promises'
import type { OwnServer } from '@larder/testing'
import { sized, until } from '@larder/testing'

/** What was going on with the server of the cache when something happened. */
export type Phase = 'up' | 'paused' | 'killed' | 'up again'

/** Lets it run for a while, pauses it, lets it run, kills it, and starts it again. */
export async function outages(
  server: OwnServer,
  services: readonly { readonly url: string }[],
  enter: (phase: Phase) => void,
): Promise<void> {
  const moment = sized(500, 5_000)
  await wait(moment)
  for (let round = 0; round < sized(1, 5); round++) {
    enter('paused')
    server.pause()
    await wait(moment)
    server.resume()
    await cachesReady(services)
    enter('up again')
    await wait(moment)
    enter('killed')
    await server.kill()
    await wait(moment)
    await server.start()
    await cachesReady(services)
    enter('up again')
    await wait(moment)
  }
}

/** Waits until every service says that it uses its cache. */
async function cachesReady(services: readonly { readonly url: string }[]): Promise<void> {
  for (const { url } of services)
    await until(async () => {
      const health = (await (await fetch(`${url}/health`)).json()) as { cache: string }
      return health.cache === 'ready'
    }, 20_000)
}
