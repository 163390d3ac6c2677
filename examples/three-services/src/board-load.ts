import { setTimeout as wait } from 'node:timers/promises'
import type { Servers } from '@larder/example-servers'
import { Pool } from 'undici'
import * as schema from '../../leaderboard/src/schema.ts'
import { createLeaderboardService } from '../../leaderboard/src/service.ts'
import { percentile } from './measure.ts'

/** What the load on the leaderboard showed. Times in ms. */
export interface BoardMeasured {
  readonly writesPerSecond: number
  readonly readsPerSecond: number
  /** From sending a score to the first answer that shows it. */
  readonly lags: readonly number[]
  readonly lagP50: number
  readonly lagP99: number
  readonly lagMax: number
  readonly failed: number
}

export interface BoardLoad {
  readonly servers: Servers
  readonly name: string
  readonly limit: number
  readonly signal: AbortSignal
  onProgress(share: number): void
}

export const WRITES_PER_SECOND = 500
export const READS_PER_SECOND = 100
const TICK = 20
const PLAYERS = 5_000

/** Starts the leaderboard and sends scores and reads at a fixed rate, whether or not the answers keep up. */
export async function runBoard({
  servers,
  name,
  limit,
  signal,
  onProgress,
}: BoardLoad): Promise<BoardMeasured> {
  const app = await createLeaderboardService({
    client: servers.client(),
    db: servers.drizzle(schema),
    store: servers.store(),
    name,
  })
  const pool = new Pool(await app.listen({ port: 0 }), { connections: 16 })
  const lags: number[] = []
  const sent: Promise<void>[] = []
  let [writes, reads, failed] = [0, 0, 0]
  const attempt = (request: () => Promise<void>): void => {
    sent.push(
      request().catch(() => {
        failed++
      }),
    )
  }
  const began = performance.now()
  try {
    const ticks = Math.floor(limit / TICK)
    for (let tick = 0; tick < ticks && !signal.aborted; tick++) {
      for (let each = 0; each < (WRITES_PER_SECOND * TICK) / 1000; each++) {
        const player = `player-${(tick * 7919 + each * 104_729) % PLAYERS}`
        const points = (tick * 31 + each * 17) % 10_000
        attempt(async () => {
          await submit(pool, player, points)
          writes++
        })
      }
      for (let each = 0; each < (READS_PER_SECOND * TICK) / 1000; each++)
        attempt(async () => {
          await read(pool, '/top')
          reads++
        })
      // Ten of the scores of a second are watched for.
      if (tick % 5 === 0)
        attempt(async () => {
          const start = performance.now()
          await submit(pool, `watched-${tick}`, tick)
          while ((await read(pool, `/players/watched-${tick}`)) !== 200) await wait(5)
          lags.push(performance.now() - start)
        })
      onProgress((tick + 1) / ticks)
      await wait(Math.max(0, began + (tick + 1) * TICK - performance.now()))
    }
    await Promise.all(sent)
    const seconds = (performance.now() - began) / 1000
    const sorted = lags.toSorted((a, b) => a - b)
    return {
      writesPerSecond: writes / seconds,
      readsPerSecond: reads / seconds,
      lags,
      lagP50: percentile(sorted, 50),
      lagP99: percentile(sorted, 99),
      lagMax: sorted.at(-1) ?? 0,
      failed,
    }
  } finally {
    await pool.destroy()
    await app.close()
    await forget(servers, name)
  }
}

async function submit(pool: Pool, player: string, points: number): Promise<void> {
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: '/scores',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ player, points }),
  })
  await body.dump()
  if (statusCode !== 201) throw new Error(`score: ${statusCode}`)
}

/** @returns 200, or 404 for a player without a score. */
async function read(pool: Pool, path: string): Promise<number> {
  const { statusCode, body } = await pool.request({ method: 'GET', path })
  await body.dump()
  if (statusCode !== 200 && statusCode !== 404) throw new Error(`${path}: ${statusCode}`)
  return statusCode
}

/** Keys of a board have no lifetime. The demo leaves none behind. */
async function forget(servers: Servers, name: string): Promise<void> {
  const client = servers.client()
  try {
    for await (const keys of client.scanStream({ match: `*:${name}*` }))
      if (keys.length > 0) await client.unlink(keys)
  } finally {
    client.disconnect()
  }
}
