import { randomBytes } from 'node:crypto'
import { type Servers, startServers } from '@larder/example-servers'
import { prepareTables as prepareCatalogue } from '../../catalogue/src/prepare-tables.ts'
import { prepareTables as prepareInventory } from '../../inventory/src/prepare-tables.ts'
import { prepareTables as prepareLeaderboard } from '../../leaderboard/src/prepare-tables.ts'
import { runBoard } from './board-load.ts'
import type { Measured } from './measure.ts'
import { startProgress } from './progress.ts'
import type { Screen } from './screen.ts'
import { runShop } from './shop-load.ts'
import type { Outcome } from './table.ts'

export interface DemoOptions {
  readonly screen: Screen
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  /** How long each of the two runs of the shop takes, and that of the leaderboard (ms). */
  readonly shopLimit: number
  readonly boardLimit: number
  /** Requests in each of the two runs, if their time allows. */
  readonly most?: number
}

/** Starts everything, drives the load, and closes everything, also after an abort or an error. */
export async function runDemo({
  screen,
  env,
  signal,
  shopLimit,
  boardLimit,
  most = Number.POSITIVE_INFINITY,
}: DemoOptions): Promise<Outcome> {
  screen.paragraph(
    env.DATABASE_URL ? 'Creating the tables.' : 'Starting PostgreSQL in this process: a few seconds.',
  )
  const servers = await serversFor(screen, env)
  // Keys of this run alone: what another run cached tells of another database.
  const run = `demo-${randomBytes(4).toString('hex')}`
  try {
    for (const prepareTables of [prepareCatalogue, prepareInventory, prepareLeaderboard])
      if (!signal.aborted) await prepareTables(servers)
    const withProgress = async <T>(
      label: string,
      start: (onProgress: (share: number) => void) => Promise<T>,
    ) => {
      const progress = startProgress(screen, label)
      try {
        const result = await start(progress.at)
        if (!signal.aborted) progress.at(1)
        return result
      } finally {
        progress.end()
      }
    }
    const shop = (label: string, enabled: boolean): Promise<Measured> =>
      withProgress(label, (onProgress) =>
        runShop({ servers, namespace: run, enabled, limit: shopLimit, most, signal, onProgress }),
      )
    let outcome: Outcome = { servers: servers.description }
    if (!signal.aborted) outcome = { ...outcome, without: await shop('Without cache', false) }
    if (!signal.aborted) outcome = { ...outcome, cached: await shop('With cache   ', true) }
    if (signal.aborted || !servers.hasValkey) return outcome
    const board = await withProgress('Leaderboard  ', (onProgress) =>
      runBoard({ servers, name: run, limit: boardLimit, signal, onProgress }),
    )
    return { ...outcome, board }
  } finally {
    await servers.stop()
  }
}

/** The leaderboard needs a Valkey. Without one, the other two services are shown. */
async function serversFor(screen: Screen, env: DemoOptions['env']): Promise<Servers> {
  try {
    return await startServers(env, { needsValkey: true })
  } catch (error) {
    if (env.VALKEY_URL) throw error
    screen.paragraph(
      'The leaderboard is left out: it needs Valkey. Install valkey-server or redis-server, or set VALKEY_URL.',
    )
    return startServers(env)
  }
}
